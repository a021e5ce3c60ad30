/** The encoder's wasm, which build/build.mjs puts into dist/. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
