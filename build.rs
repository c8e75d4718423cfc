//! With feature `torch`, the place of libtorch goes into the programs, so that they find it without LD_LIBRARY_PATH.
//! torch-sys tells it to crates that depend on it directly. Without the feature this does nothing.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
