//! Try.
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let c = codegen::check(&codegen::Input { path: path.clone(), bytes: std::fs::read(&path).unwrap(), ..Default::default() });
    for d in &c.diagnostics { println!("{:?} {} {} [{}] {:?}", c.sources.line_column(d.span), d.code, d.message, c.sources.text(d.span), d.help); }
    if std::env::args().nth(2).is_some() { println!("{:#?}", c.flow.map(|f| f.1)); }
}
