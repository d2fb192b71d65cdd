//! Try.
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let templates = ["notice.html", "notice.txt", "unread.html", "unread.txt"].map(str::to_owned).into();
    let input = codegen::Input { path: path.clone(), bytes: std::fs::read(&path).unwrap(), templates, ..Default::default() };
    let c = codegen::check(&input);
    for d in &c.diagnostics { println!("{:?} {} {} [{}] {:?}", c.sources.line_column(d.span), d.code, d.message, c.sources.text(d.span), d.help); }
    if std::env::args().nth(2).is_some() { println!("{:#?}", c.flow.map(|f| f.1)); }
}
