/* SPDX-License-Identifier: MIT */
/* Libraries by their names: each role, and the names that look alike. */
#include "elf/soname.h"
#include <criterion/criterion.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

Test(soname, cuda_libraries)
{
    static const char *const sonames[] = {
        "libcuda.so.1",        "libcuda.so",        "libcudart.so.12",    "libcudart.so.11.0",
        "libcublas.so.12",     "libcublasLt.so.12", "libcudnn.so.9",      "libcudnn_ops.so.9",
        "libcudnn_cnn.so.9",   "libcufft.so.11",    "libcurand.so.10",    "libcusolver.so.11",
        "libcusolverMg.so.11", "libcusparse.so.12", "libcusparseLt.so.0", "libcutensor.so.2",
        "libcutensorMg.so.2",  "libnccl.so.2",      "libnvinfer.so.10",   "libnvinfer_plugin.so.10",
        "libnvjpeg.so.12",     "libnvjpeg2k.so.0",  "libnppc.so.12",      "libnppial.so.12",
    };
    for (size_t i = 0; i < COUNT(sonames); i++)
        cr_assert(soname_has(sonames[i], SONAME_CUDA), "%s", sonames[i]);
}

Test(soname, no_cuda_libraries)
{
    static const char *const sonames[] = {
        "",
        "lib",
        "libc.so.6",
        "libcudadebugger.so.1",
        "libnvidia-ml.so.1",
        "libcuda",
        "libcuda.1",
        "libcudart_static.a",
        "libnvrtc.so.12",
        "libcublasXt.so.12",
        "cuda.so.1",
        "xlibcuda.so.1",
        "/opt/libcuda.so.1",
        "LIBCUDA.so.1",
        "libcufile.so.0",
        "libcudnn",
        "libcud.so.1",
        "libnvidia-ptxjitcompiler.so.1",
        "libgpuwarm.so",
        "libcupti.so.12",
    };
    for (size_t i = 0; i < COUNT(sonames); i++)
        cr_assert_not(soname_has(sonames[i], SONAME_CUDA), "%s", sonames[i]);
}

Test(soname, runtimes)
{
    static const char *const runtimes[] = {"libc.so.6", "libstdc++.so.6", "ld-linux-x86-64.so.2", "libgomp.so.1"};
    static const char *const others[] = {"libcurl.so.4", "libcap.so.2", "libmount.so.1", "libstdc++fs.so", "libgcc.so"};
    for (size_t i = 0; i < COUNT(runtimes); i++)
        cr_expect(soname_has(runtimes[i], SONAME_RUNTIME), "%s", runtimes[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        cr_expect_not(soname_has(others[i], SONAME_RUNTIME), "%s", others[i]);
}

Test(soname, libraries_that_listen_on_their_own_account)
{
    cr_expect(soname_has("libcuda.so.1", SONAME_LISTENS));
    cr_expect(soname_has("libtorch_cpu.so", SONAME_LISTENS));
    cr_expect(soname_has("libtcp-fi.so", SONAME_LISTENS));
    cr_expect(soname_has("libpsm3-fi.so.1", SONAME_LISTENS));
    static const char *const others[] = {
        "",        "libcuda",   "libcudart.so.12", "libtorch_cuda.so", "libtorch_python.so",
        "lib-fi",  "libtcp-fi", "libtcp-fi2.so",   "libwifi.so",       "tcp-fi.so",
        "li-fi.so"};
    for (size_t i = 0; i < COUNT(others); i++)
        cr_expect_not(soname_has(others[i], SONAME_LISTENS), "%s", others[i]);
}

Test(soname, one_library_has_several_roles)
{
    const enum soname_role roles = SONAME_CUDA | SONAME_LISTENS;
    cr_expect(soname_has("libnccl.so.2", SONAME_CUDA));
    cr_expect(soname_has("libnccl.so.2", SONAME_LISTENS));
    cr_expect(soname_has("libnccl.so.2", roles), "any of them");
    cr_expect_not(soname_has("libnccl.so.2", SONAME_STARTS));
    cr_expect_not(soname_has("libnccl.so.2", SONAME_SERVES));
    cr_expect(soname_has("libpmix.so.2", SONAME_STARTS));
    cr_expect(soname_has("libpmix.so.2", SONAME_LISTENS));
    cr_expect(soname_has("cygrpc.cpython-311-x86_64-linux-gnu.so", SONAME_SERVES));
}
