// A model library that TVM compiled, run step by step. What Rust sees of it.
#pragma once
#include <cstdint>
#include <memory>

#include "rust/cxx.h"

namespace slm::tvm {

// Opens libraries in this order for the whole process, and takes TVM's C interface
// from the first that has it. Gives the version of that interface.
// Throws when one cannot be opened or none has the interface.
rust::String open_runtime(rust::Slice<const rust::String> libraries);

// The version of the headers that this was compiled with.
rust::String header_version();

// Not for several threads: TVM keeps its threads by the thread that calls.
class Runner {
 public:
  virtual ~Runner() = default;
  // The library's own description, JSON.
  virtual rust::String metadata() const = 0;
  // Reads the weights of a folder, in the order in which the library takes them.
  virtual void load_weights(rust::Str folder, rust::Slice<const rust::String> names) = 0;
  // Makes the KV cache, in place of an earlier one; lengths in tokens.
  virtual void open(int64_t context, int64_t chunk, int64_t page) = 0;
  // Frees the KV cache.
  virtual void close() = 0;
  // Computes with so many threads on these CPUs, from the next step on.
  virtual void set_threads(int32_t threads, rust::Slice<const uint32_t> cpus) const = 0;
  // Threads that the next step computes with.
  virtual int32_t threads() const = 0;
  // Forgets all tokens.
  virtual void reset() = 0;
  // Evaluates tokens at the next positions; they are at most a chunk. The logits of
  // the last one are on the host when this returns.
  virtual void prefill(rust::Slice<const int32_t> tokens) = 0;
  // Evaluates one token at the next position, as above.
  virtual void decode(int32_t token) = 0;
  // Logits of the last step; empty before the first.
  virtual rust::Slice<const float> logits() const = 0;
};

// Opens a model library; `device_type` is DLPack's. Throws when it is not one.
std::unique_ptr<Runner> open_library(rust::Str path, int32_t device_type, int32_t device_id);

}  // namespace slm::tvm
