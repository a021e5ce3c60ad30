// Builds the files that the Worker's bundle needs: the AAC encoder's wasm and the static pages, both in dist/.
import { buildAac } from "./aac.mjs";
import { buildPages } from "./pages.mjs";

try {
  await buildAac();
  await buildPages();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
