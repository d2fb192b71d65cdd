//! Any bytes as the text of a spec: the compile must end, without a panic, in bounded time and memory.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|spec: &[u8]| {
    codegen::compile_bytes(spec);
});
