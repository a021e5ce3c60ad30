/** The wasm modules that build/build.mjs writes into dist/. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
