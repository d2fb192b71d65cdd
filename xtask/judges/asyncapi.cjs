// In: AsyncAPI documents (paths). Out: findings as JSON, for `cargo xtask test`.
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

// A document may point at files beside it, and at nothing else: no judge asks the network.
const refuse = (schema) => ({
  schema,
  order: 1,
  canRead: true,
  read: (uri) => {
    throw new Error(`${uri} is not beside the document`);
  },
});

async function main() {
  const findings = [];
  for (const file of process.argv.slice(2)) {
    const parser = new Parser({ __unstable: { resolver: { resolvers: [refuse("http"), refuse("https")] } } });
    const diagnostics = await parser.validate(readFileSync(file, "utf8"), { source: file });
    for (const { code, path, message } of diagnostics) {
      findings.push({ file, rule: String(code), path: `/${path.join("/")}`, message });
    }
  }
  process.stdout.write(JSON.stringify(findings));
}

main();
