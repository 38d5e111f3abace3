/* SPDX-License-Identifier: MIT */
/*
 * gpu.c as an addon of node: exports answer(). Node-API is a stable binary interface, of which three functions and two
 * types are needed; they are declared here, so no headers of node's have to be there, nor those of one version.
 */
#include "gpu.h"
#include <string.h>

typedef struct node_env *node_env;
typedef struct node_value *node_value;
typedef node_value (*node_function)(node_env environment, void *call);

extern int napi_create_function(node_env environment, const char *name, size_t length, node_function function,
                                void *data, node_value *result);
extern int napi_create_string_utf8(node_env environment, const char *text, size_t length, node_value *result);
extern int napi_set_named_property(node_env environment, node_value object, const char *name, node_value value);

static node_value answer(node_env environment, void *call)
{
    (void)call;
    char line[1024] = "";
    node_value text = NULL;
    gpu_answer(gpu_now(), line, sizeof line);
    napi_create_string_utf8(environment, line, strlen(line), &text);
    return text;
}

node_value napi_register_module_v1(node_env environment, node_value exports);

/* Called by node when the addon is loaded. */
node_value napi_register_module_v1(node_env environment, node_value exports)
{
    node_value function = NULL;
    gpu_load();
    napi_create_function(environment, "answer", strlen("answer"), answer, NULL, &function);
    napi_set_named_property(environment, exports, "answer", function);
    return exports;
}
