/** What build/build.mjs leaves in dist/. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
