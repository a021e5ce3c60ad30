// Extracts the AAC encoder's wasm from the installed npm package and writes dist/aac.wasm and dist/aac.json.
//
// The package contains the wasm as one string inside Emscripten's JavaScript glue. That cannot be bundled for workerd, because
// it compiles wasm at run time, which workerd forbids. So the glue is read here as text and never run: the string is decoded
// as the glue itself would do it, and the glue's two tables map minified names to functions.
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";

const PACKAGE = "@mediabunny/aac-encoder";
const VERSION = "1.59.0";
const WASM_SHA256 = "8488acb0bc9f43055b83600cc4c2c07d20f07675aa65671f91ac1d75515845d9";

/** The wasm functions that src/audio/contexts.ts calls. */
const EXPORTS = [
  "init_encoder",
  "get_encoder_frame_size",
  "get_encoder_extradata",
  "get_encoder_extradata_size",
  "get_encode_input_ptr",
  "send_frame",
  "receive_packet",
  "get_encoded_data",
  "flush_encoder_start",
  "close_encoder",
];

/** The functions that src/audio/wasm.ts supplies: exactly those that the wasm imports. */
const IMPORTS = [
  "abort_js",
  "clock_time_get",
  "emscripten_date_now",
  "emscripten_resize_heap",
  "emscripten_runtime_keepalive_clear",
  "environ_get",
  "environ_sizes_get",
  "fd_close",
  "fd_fdstat_get",
  "fd_read",
  "fd_seek",
  "fd_write",
  "proc_exit",
  "setitimer_js",
  "syscall_fcntl64",
  "syscall_ioctl",
  "syscall_openat",
];

const root = new URL("../", import.meta.url);
const home = new URL(`node_modules/${PACKAGE}/`, root);

/**
 * Writes dist/aac.wasm and dist/aac.json ({@link https://github.com/Vanilagy/mediabunny}, MPL-2.0, embeds LGPL FFmpeg)
 * unless they exist already with the same bytes. Rejects with one sentence if the package is not the version that this
 * project was measured with.
 */
export async function buildAac() {
  const manifest = JSON.parse(await read("package.json"));
  expect(
    manifest.version === VERSION,
    `${PACKAGE} is ${manifest.version} but this project needs exactly ${VERSION}: run npm install`,
  );
  const glue = await read("dist/modules/build/aac.js");
  const wasm = wasmOf(glue);
  const sha256 = createHash("sha256").update(wasm).digest("hex");
  expect(
    sha256 === WASM_SHA256,
    `The wasm inside ${PACKAGE} ${VERSION} has the sha256 ${sha256} but ${WASM_SHA256} was expected`,
  );
  const names = namesOf(glue);
  check(names, wasm);
  await mkdir(new URL("dist/", root), { recursive: true });
  await keep("dist/aac.wasm", wasm);
  await keep("dist/aac.json", Buffer.from(`${JSON.stringify(names, null, 2)}\n`));
}

/** Decodes the string in the glue's `binaryDecode('...')`: each character is one byte; a code above 255 stands for zero. */
function wasmOf(glue) {
  const literal = glue.match(/binaryDecode\(('[^'\\]*(?:\\[\s\S][^'\\]*)*')\)/)?.[1];
  expect(literal, `No embedded wasm was found in ${PACKAGE} ${VERSION}`);
  const text = runInNewContext(literal, Object.create(null));
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    return code > 255 ? 0 : code;
  });
}

/** Returns the minified name of each function. Functions are named without Emscripten's leading underscores. */
function namesOf(glue) {
  const exported = glue.matchAll(/Module\["_(\w+)"\] = wasmExports\["(\w+)"\]/g);
  const imported = glue.match(/wasmImports = \{([^}]*)\}/)?.[1] ?? "";
  const all = Object.fromEntries(Array.from(exported, ([, readable, minified]) => [readable, minified]));
  return {
    exports: Object.fromEntries(EXPORTS.map((name) => [name, all[name]])),
    imports: Object.fromEntries(
      Array.from(imported.matchAll(/(\w+): _+(\w+)/g), ([, letter, readable]) => [readable, letter]),
    ),
    namespace: glue.match(/imports = \{ (\w+): wasmImports \}/)?.[1],
    init: glue.match(/initRuntime\(\) \{[^}]*wasmExports\["(\w+)"\]\(\)/)?.[1],
    memory: glue.match(/wasmMemory = wasmExports\["(\w+)"\]/)?.[1],
  };
}

/** Checks that every name was found in the text and exists in the compiled wasm. */
function check(names, wasm) {
  const module = new WebAssembly.Module(wasm);
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
  const imported = new Set(WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`));
  const wrong = [
    ...EXPORTS.filter((name) => exported.get(names.exports[name]) !== "function"),
    ...IMPORTS.filter((name) => !imported.delete(`${names.namespace}.${names.imports[name]}`)),
    ...(exported.get(names.init) === "function" ? [] : ["init"]),
    ...(exported.get(names.memory) === "memory" ? [] : ["memory"]),
    ...imported,
  ];
  expect(wrong.length === 0, `The wasm inside ${PACKAGE} ${VERSION} differs in: ${wrong.join(", ")}`);
}

async function read(path) {
  try {
    return await readFile(new URL(path, home), "utf8");
  } catch {
    return fail(`${PACKAGE} ${VERSION} is not installed (no ${path}): run npm install`);
  }
}

/** Replaces a file atomically, so that a reader in another process never sees half of it. An equal file is left alone. */
async function keep(path, bytes) {
  const file = new URL(path, root);
  const present = await readFile(file).catch(() => null);
  if (present?.equals(bytes)) return;
  const fresh = new URL(`${file.href}.${process.pid}`);
  await writeFile(fresh, bytes);
  await rename(fresh, file);
}

function expect(condition, sentence) {
  if (!condition) fail(sentence);
}

/** Throws an error without a stack, because only the sentence helps the person who runs the build. */
function fail(sentence) {
  const error = new Error(`${sentence}.`);
  error.stack = error.message;
  throw error;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildAac().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
