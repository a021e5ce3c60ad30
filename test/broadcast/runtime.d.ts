/** What tests of src/broadcast reach of the runtime's types: the whole of them does not go together with Node's. */
type R2Bucket = import("@cloudflare/workers-types").R2Bucket;
type SqlStorage = import("@cloudflare/workers-types").SqlStorage;
