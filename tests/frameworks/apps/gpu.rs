// SPDX-License-Identifier: MIT
// CUDA in C (tests/servers/gpu.c), for servers in Rust.
use std::ffi::CStr;
use std::os::raw::{c_char, c_longlong};

extern "C" {
    fn gpu_load();
    fn gpu_now() -> c_longlong;
    fn gpu_answer(began: c_longlong, text: *mut c_char, size: usize);
}

pub fn load() {
    unsafe { gpu_load() }
}

pub fn answer() -> String {
    let mut line = [0 as c_char; 1024];
    unsafe {
        gpu_answer(gpu_now(), line.as_mut_ptr(), line.len());
        CStr::from_ptr(line.as_ptr()).to_string_lossy().into_owned()
    }
}
