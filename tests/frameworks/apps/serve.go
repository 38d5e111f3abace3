// SPDX-License-Identifier: MIT

// A server of Go's net/http, with CUDA in C (tests/servers/gpu.c): serve PORT.
package main

/*
#include "gpu.h"
*/
import "C"

import (
	"net/http"
	"os"
)

func main() {
	C.gpu_load()
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		var line [1024]C.char
		C.gpu_answer(C.gpu_now(), &line[0], C.size_t(len(line)))
		response.Write([]byte(C.GoString(&line[0])))
	})
	if http.ListenAndServe("127.0.0.1:"+os.Args[1], nil) != nil {
		os.Exit(1)
	}
}
