//! The `pangolin` binary.

fn main() -> std::process::ExitCode {
    pangolin_server::run()
}
