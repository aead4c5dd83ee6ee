#include "engine.h"

#include <thread>

#include "calls.h"
#include "slm-agent/src/engine/mlc_llm/bridge.rs.h"

namespace slm::mlc_llm {
namespace {

using namespace ::tvm::ffi;
using namespace ::slm::tvm;

rust::Slice<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Why some work failed, never empty then; empty when it did not.
template <typename F>
std::string failure(F work) {
  try {
    work();
    return "";
  } catch (const Error& error) {
    return error.kind() + ": " + error.message();
  } catch (const std::exception& error) {
    return std::string("exception: ") + error.what();
  } catch (...) {
    return "an exception of an unknown kind";
  }
}

class JsonEngine final : public Engine {
 public:
  JsonEngine(DLDevice device, int32_t threads, Array<String> cpus, rust::Box<EventSink> sink)
      : sink_(std::move(sink)) {
    const Any module = global("mlc.json_ffi.CreateJSONFFIEngine")();
    // All of them before the first thread: a runtime that lacks one is refused whole.
    reload_ = method(module, "reload");
    chat_ = method(module, "chat_completion");
    last_error_ = method(module, "get_last_error");
    exit_ = method(module, "exit_background_loop");
    const Function compute = method(module, "run_background_loop");
    const Function stream = method(module, "run_background_stream_back_loop");
    method(module, "init_background_engine")(
        static_cast<int>(device.device_type), device.device_id,
        Function::FromTyped([this](String json) { sink_->reply_chunks(bytes(std::string(json))); }));
    module_ = module;
    compute_ = std::thread([this, compute, threads, cpus] {
      run([&] {
        share_cpus(threads, cpus);
        sink_->threads(computing_threads());
        compute();
      });
    });
    stream_ = std::thread([this, stream] { run([&] { stream(); }); });
  }

  void load(rust::Str config) override {
    // It waits for the loop, for ever if that has ended by an error.
    loader_ = std::thread([this, text = std::string(config)] {
      const std::string why = failure([&] { reload_(String(text)); });
      why.empty() ? sink_->loaded() : sink_->load_failed(bytes(why));
    });
  }

  bool chat(rust::Str request, rust::Str id) const override {
    return with_errors([&] { return chat_(String(std::string(request)), String(std::string(id))).cast<bool>(); });
  }

  rust::String last_error() const override {
    return with_errors([&] { return rust::String::lossy(std::string(last_error_().cast<String>())); });
  }

  void close() override {
    with_errors([&] { exit_(); });
    for (std::thread* thread : {&compute_, &stream_, &loader_}) {
      if (thread->joinable()) thread->join();
    }
  }

 private:
  // A loop of the engine. An error that ends it would otherwise end the process.
  template <typename F>
  void run(F loop) {
    sink_->loop_ended(bytes(failure(loop)));
  }

  // Declared before the threads, which use them.
  rust::Box<EventSink> sink_;
  Any module_;
  Function reload_, chat_, last_error_, exit_;
  std::thread compute_, stream_, loader_;
};

}  // namespace

std::unique_ptr<Engine> open_engine(int32_t device_type, int32_t device_id, int32_t threads,
                                    rust::Slice<const uint32_t> cpus, rust::Box<EventSink> sink) {
  return with_errors([&]() -> std::unique_ptr<Engine> {
    return std::make_unique<JsonEngine>(DLDevice{static_cast<DLDeviceType>(device_type), device_id}, threads,
                                        cpu_names(cpus), std::move(sink));
  });
}

}  // namespace slm::mlc_llm
