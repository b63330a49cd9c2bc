// The part of WebAssembly that is used here; Node's own types have none of it.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: object } },
  ) => { readonly exports: unknown }
}
