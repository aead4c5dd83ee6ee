#include "runner.h"

#include <dlfcn.h>
#include <tvm/ffi/container/shape.h>
#include <tvm/ffi/container/tensor.h>

#include <vector>

#include "calls.h"
#include "interface.h"

namespace slm::tvm {
namespace {

using namespace ::tvm::ffi;

// TVM's allocator that keeps freed memory for the next step, by its number.
constexpr int kPooledAllocator = 2;
// The one sequence in the cache.
constexpr int64_t kSequence = 0;

class TvmRunner final : public Runner {
 public:
  TvmRunner(const std::string& path, DLDevice device) : device_(device) {
    executable_ = global("ffi.ModuleLoadFromFile")(String(path));
    machine_ = method(executable_, "vm_load_executable")();
    // The device and its allocator, then the host's, where shapes are computed.
    if (device.device_type == kDLCPU) {
      method(machine_, "vm_initialization")(static_cast<int>(kDLCPU), 0, kPooledAllocator);
    } else {
      method(machine_, "vm_initialization")(static_cast<int>(device.device_type), device.device_id, kPooledAllocator,
                                            static_cast<int>(kDLCPU), 0, kPooledAllocator);
    }
    embed_ = method(machine_, "embed");
    prefill_ = method(machine_, "prefill");
    decode_ = method(machine_, "decode");
    make_cache_ = method(machine_, "create_tir_paged_kv_cache");
    metadata_ = method(machine_, "_metadata");
    add_ = global("vm.builtin.kv_state_add_sequence");
    clear_ = global("vm.builtin.kv_state_clear");
    begin_ = global("vm.builtin.kv_state_begin_forward");
    end_ = global("vm.builtin.kv_state_end_forward");
    reshape_ = global("vm.builtin.reshape");
    allocate_ = global("runtime.TVMTensorAllocWithScope");
    from_bytes_ = global("runtime.TVMTensorCopyFromBytes");
    to_bytes_ = global("runtime.TVMTensorCopyToBytes");
  }

  rust::String metadata() const override {
    return with_errors([&] { return rust::String(std::string(metadata_().cast<String>())); });
  }

  void load_weights(rust::Str folder, rust::Slice<const rust::String> names) override {
    with_errors([&] {
      global("vm.builtin.tensor_cache.load")(String(std::string(folder)), static_cast<int>(device_.device_type),
                                             device_.device_id);
      Array<String> wanted;
      for (const rust::String& name : names) wanted.push_back(String(std::string(name)));
      weights_ = global("vm.builtin.param_array_from_cache_by_name")(wanted);
      // The cache would hold them a second time for as long as the process lives.
      global("vm.builtin.tensor_cache.clear")();
    });
  }

  void open(int64_t context, int64_t chunk, int64_t page) override {
    with_errors([&] {
      cache_ = Any();
      cache_ = make_cache_(Shape({1}), Shape({context}), Shape({chunk}), Shape({page}), Shape({0}));
      add_(cache_, kSequence);
    });
  }

  void close() override { cache_ = Any(); }

  void set_threads(int32_t threads, rust::Slice<const uint32_t> cpus) const override {
    with_errors([&] { share_cpus(threads, cpu_names(cpus)); });
  }

  int32_t threads() const override {
    return with_errors([&] { return computing_threads(); });
  }

  void reset() override {
    with_errors([&] {
      clear_(cache_);
      add_(cache_, kSequence);
      logits_.clear();
    });
  }

  void prefill(rust::Slice<const int32_t> tokens) override {
    with_errors([&] { step(prefill_, tokens.data(), tokens.size()); });
  }

  void decode(int32_t token) override {
    with_errors([&] { step(decode_, &token, 1); });
  }

  rust::Slice<const float> logits() const override { return {logits_.data(), logits_.size()}; }

 private:
  void step(const Function& function, const int32_t* tokens, size_t count) {
    const int64_t n = static_cast<int64_t>(count);
    Tensor ids = allocate_(Shape({n}), DLDataType{kDLInt, 32, 1}, device_, nullptr).cast<Tensor>();
    from_bytes_(ids, static_cast<void*>(const_cast<int32_t*>(tokens)), n * static_cast<int64_t>(sizeof(int32_t)));
    Tensor embedded = embed_(ids, weights_).cast<Tensor>();
    if (embedded.ndim() != 2) throw std::runtime_error("its `embed` gives no matrix");
    Tensor batch = reshape_(embedded, Shape({1, embedded.shape()[0], embedded.shape()[1]})).cast<Tensor>();
    begin_(cache_, Shape({kSequence}), Shape({n}));
    Any result = function(batch, cache_, weights_);
    end_(cache_);
    take(result.cast<Array<Any>>()[0].cast<Tensor>());
  }

  // Copies the row of logits to the host, which waits for the device.
  void take(const Tensor& row) {
    const DLDataType type = row.dtype();
    if (type.code != kDLFloat || type.bits != 32 || type.lanes != 1) {
      throw std::runtime_error("its logits are not 32-bit floating point");
    }
    int64_t size = 1;
    for (int64_t dimension : row.shape()) size *= dimension;
    logits_.resize(static_cast<size_t>(size));
    to_bytes_(row, static_cast<void*>(logits_.data()), size * static_cast<int64_t>(sizeof(float)));
  }

  DLDevice device_;
  // Declared before what lives in its code, so that it is unloaded last.
  Any executable_, machine_;
  Function embed_, prefill_, decode_, make_cache_, metadata_;
  Function add_, clear_, begin_, end_, reshape_, allocate_, from_bytes_, to_bytes_;
  Any weights_, cache_;
  std::vector<float> logits_;
};

}  // namespace

rust::String open_runtime(rust::Slice<const rust::String> libraries) {
  bool bound = false;
  for (const rust::String& library : libraries) {
    // Global: each library finds in the ones before it what it needs.
    void* handle = dlopen(std::string(library).c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (handle == nullptr) {
      const char* why = dlerror();
      throw std::runtime_error(why != nullptr ? why : std::string(library));
    }
    bound = bound || bind_interface(handle);
  }
  if (!bound) throw std::runtime_error("none of the runtime's libraries has TVM's C interface (tvm-ffi)");
  TVMFFIVersion version;
  TVMFFIGetVersion(&version);
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.patch);
}

rust::String header_version() {
  return std::to_string(TVM_FFI_VERSION_MAJOR) + "." + std::to_string(TVM_FFI_VERSION_MINOR) + "." +
         std::to_string(TVM_FFI_VERSION_PATCH);
}

std::unique_ptr<Runner> open_library(rust::Str path, int32_t device_type, int32_t device_id) {
  return with_errors([&]() -> std::unique_ptr<Runner> {
    return std::make_unique<TvmRunner>(std::string(path),
                                       DLDevice{static_cast<DLDeviceType>(device_type), device_id});
  });
}

}  // namespace slm::tvm
