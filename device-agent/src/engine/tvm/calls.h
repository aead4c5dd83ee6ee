// Calls into TVM through its registry of functions: its C++ methods are symbols of a
// library that is opened at run time.
#pragma once
#include <tvm/ffi/container/array.h>
#include <tvm/ffi/function.h>

#include <stdexcept>
#include <string>

#include "rust/cxx.h"

namespace slm::tvm {

// cxx passes on a std::exception. Of TVM's errors it would lose the message.
template <typename F>
auto with_errors(F work) -> decltype(work()) {
  try {
    return work();
  } catch (const ::tvm::ffi::Error& error) {
    throw std::runtime_error(error.kind() + ": " + error.message());
  }
}

inline ::tvm::ffi::Function global(const char* name) { return ::tvm::ffi::Function::GetGlobalRequired(name); }

inline ::tvm::ffi::Function method(const ::tvm::ffi::Any& module, const char* name) {
  using ::tvm::ffi::Function;
  using ::tvm::ffi::Optional;
  auto found = global("ffi.ModuleGetFunction")(module, ::tvm::ffi::String(name), true).cast<Optional<Function>>();
  if (!found.has_value()) throw std::runtime_error(std::string("it has no function `") + name + "`");
  return found.value();
}

// Sets the threads that the calling thread computes with from its next step on: TVM keeps
// a pool for each calling thread. They share the given CPUs, as llama.cpp's do; none is
// bound to a single one.
inline void share_cpus(int32_t threads, const ::tvm::ffi::Array<::tvm::ffi::String>& cpus) {
  constexpr int kShareAllCores = -3;
  global("runtime.config_threadpool")(kShareAllCores, threads, cpus, static_cast<int>(cpus.size()));
}

inline int32_t computing_threads() { return global("runtime.NumThreads")().cast<int32_t>(); }

inline ::tvm::ffi::Array<::tvm::ffi::String> cpu_names(rust::Slice<const uint32_t> cpus) {
  ::tvm::ffi::Array<::tvm::ffi::String> names;
  for (uint32_t cpu : cpus) names.push_back(::tvm::ffi::String(std::to_string(cpu)));
  return names;
}

}  // namespace slm::tvm
