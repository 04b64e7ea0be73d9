//! Lets the binary find a prebuilt DuckDB beside itself or in `target/duckdb`, wherever the folder is moved to.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if std::env::var_os("CARGO_FEATURE_BUNDLED").is_none() {
        for place in ["$ORIGIN", "$ORIGIN/../duckdb", "$ORIGIN/../../duckdb"] {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{place}");
        }
    }
}
