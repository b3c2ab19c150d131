// Prints the faults that Redocly's recommended rules find in an OpenAPI document, one a line.
// Runs in the folder of `make clients`: node lint.mjs openapi.json
import { createRequire } from "node:module";
import { resolve } from "node:path";

const { createConfig, lint } = createRequire(resolve("package.json"))("@redocly/openapi-core");
const config = await createConfig({ extends: ["recommended-strict"] });
for (const fault of await lint({ ref: process.argv[2], config })) {
  console.log(fault.ruleId, fault.location[0]?.pointer ?? "", fault.message);
}
