//! `cargo run -p local`: the flow, here.

fn main() {
    println!("the command is not there yet: the engine is a library so far");
    std::process::exit(2);
}
