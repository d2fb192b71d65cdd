// In: state machine definitions (paths). Out: findings as JSON, for `cargo xtask test`.
const { readFileSync } = require("node:fs");
const validate = require("asl-validator");

const findings = [];
for (const file of process.argv.slice(2)) {
  const { errors } = validate(JSON.parse(readFileSync(file, "utf8")), { checkArn: true, checkPaths: true });
  for (const error of errors) {
    findings.push({
      file,
      rule: error["Error code"] ?? error.code ?? "invalid",
      path: error.path ?? error.instancePath ?? "",
      message: error.Message ?? error.message ?? JSON.stringify(error),
    });
  }
}
process.stdout.write(JSON.stringify(findings));
