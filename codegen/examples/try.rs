//! Try.
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let c = codegen::check(&codegen::Input {
        path: path.clone(),
        bytes: std::fs::read(&path).unwrap(),
        ..Default::default()
    });
    print!("{}", codegen::render::human(&c.sources, &c.diagnostics, true));
    if let (true, Some((flow, facts))) = (c.is_right(), &c.flow) {
        let mut out = Default::default();
        let plan = codegen::lower::lower(flow, facts, &path, &mut out);
        println!("{:?}", out);
        std::fs::write("/tmp/d.svg", codegen::diagram::svg(&plan.diagram)).unwrap();
        std::fs::write("/tmp/plan.txt", format!("{plan:#?}")).unwrap();
        println!(
            "{} functions {} queues {} tables {} alarms",
            plan.functions.len(),
            plan.queues.len(),
            plan.tables.len(),
            plan.alarms.len()
        );
        for f in &plan.functions {
            println!("{} {:?} env {} grants {}", f.name, f.kind, f.env.len(), f.grants.len());
        }
    }
}
