//! Runs the command line and turns its result into an exit code.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
