// In: JSON Schemas (paths). Out: findings as JSON, for `cargo xtask test`.
// Each has to name 2020-12, to satisfy its meta-schema, to use no keyword that it does not define
// (but `x-…`), and to compile, which follows every `$ref`.
const { readFileSync } = require("node:fs");
const Ajv2020 = require("ajv/dist/2020").default;

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

function extensions(value, found = new Set()) {
  if (value && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) {
      if (!Array.isArray(value) && key.startsWith("x-")) found.add(key);
      extensions(inner, found);
    }
  }
  return found;
}

const findings = [];
for (const file of process.argv.slice(2)) {
  const report = (rule, path, message) => findings.push({ file, rule, path, message });
  const schema = JSON.parse(readFileSync(file, "utf8"));
  if (schema.$schema !== DIALECT) {
    report("dialect", "/$schema", `expected ${DIALECT}, found ${JSON.stringify(schema.$schema)}`);
    continue;
  }
  const ajv = new Ajv2020({ strict: true, strictTypes: false, validateFormats: false, allErrors: true, logger: false });
  ajv.addVocabulary([...extensions(schema)]);
  if (!ajv.validateSchema(schema)) {
    for (const error of ajv.errors) report("meta-schema", error.instancePath, error.message);
    continue;
  }
  try {
    ajv.compile(schema);
  } catch (error) {
    report("compile", "", error.message);
  }
}
process.stdout.write(JSON.stringify(findings));
