// A stand-in for MLC-LLM's engine, for tests of the bridge to it: the same global
// function, the same methods and threads, the same JSON. It has no model, and its
// figures mean nothing. Made from tvm-ffi's headers alone.
//
// What it does wrong, if anything, the model's folder says: "standin" in its
// mlc-chat-config.json.
#include <tvm/ffi/extra/json.h>
#include <tvm/ffi/extra/module.h>
#include <tvm/ffi/function.h>
#include <tvm/ffi/reflection/registry.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <thread>

namespace {

using namespace tvm::ffi;
using Clock = std::chrono::steady_clock;

// Work handed from one thread to another.
class Queue {
 public:
  void push(std::function<void()> work) {
    std::lock_guard<std::mutex> lock(mutex_);
    work_.push_back(std::move(work));
    changed_.notify_all();
  }

  void end() {
    std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  // Does what comes until the end. An error of the work ends it, as in MLC-LLM.
  void run() {
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return ended_ || !work_.empty(); });
      if (ended_) return;
      std::function<void()> work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool ended_ = false;
};

[[noreturn]] void hang() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

json::Object object(const Any& value) { return value.cast<json::Object>(); }

std::string text(const json::Object& from, const char* key) {
  TVM_FFI_CHECK(from.count(String(key)) > 0, ValueError) << "key \"" << key << "\" not found";
  return std::string(from[String(key)].cast<String>());
}

int64_t number(const json::Object& from, const char* key) {
  TVM_FFI_CHECK(from.count(String(key)) > 0, ValueError) << "key \"" << key << "\" not found";
  return from[String(key)].cast<int64_t>();
}

json::Object read(const std::string& path) {
  std::ifstream file(path);
  TVM_FFI_CHECK(file.good(), ValueError) << "Cannot find \"" << path << "\"";
  std::stringstream content;
  content << file.rdbuf();
  return object(json::Parse(String(content.str())));
}

int64_t words(const std::string& said) {
  std::istringstream stream(said);
  int64_t count = 0;
  for (std::string word; stream >> word;) ++count;
  return count;
}

struct Prompt {
  std::string id;
  int64_t n_in = 0;
  int64_t max_tokens = 0;
  bool ignore_end = false;
};

class StandIn final : public ModuleObj {
 public:
  const char* kind() const final { return "standin.json_ffi"; }

  Optional<Function> GetFunction(const String& name) final {
    const std::string wanted(name);
    if (wanted == "init_background_engine") {
      return Function::FromTyped([this](int, int, Function callback) { callback_ = callback; });
    }
    if (wanted == "reload") return Function::FromTyped([this](String config) { reload(std::string(config)); });
    if (wanted == "chat_completion") {
      return Function::FromTyped(
          [this](String request, String id) { return chat(std::string(request), std::string(id)); });
    }
    if (wanted == "get_last_error") return Function::FromTyped([this] { return String(error_); });
    if (wanted == "run_background_loop") return Function::FromTyped([this] { compute_.run(); });
    if (wanted == "run_background_stream_back_loop") return Function::FromTyped([this] { stream_.run(); });
    if (wanted == "exit_background_loop") {
      return Function::FromTyped([this] {
        compute_.end();
        stream_.end();
      });
    }
    return std::nullopt;
  }

 private:
  // Waits for the loop, for ever where that ended by an error: MLC-LLM's does.
  void reload(const std::string& config) {
    compute_.push([this, config] { load(config); });
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return loaded_; });
  }

  void load(const std::string& config) {
    const json::Object asked = object(json::Parse(String(config)));
    const json::Object model = read(text(asked, "model") + "/mlc-chat-config.json");
    TVM_FFI_CHECK(std::ifstream(text(asked, "model_lib")).good(), ValueError) << "Cannot open the model library";
    TVM_FFI_CHECK(text(asked, "mode") == "interactive", ValueError) << "another mode than the test wants";
    TVM_FFI_CHECK(text(asked, "prefix_cache_mode") == "disable", ValueError) << "the prefix cache is on";
    TVM_FFI_CHECK(number(asked, "max_total_sequence_length") > 0, ValueError) << "no room for a sequence";
    const String plant("standin");
    plant_ = model.count(plant) > 0 ? std::string(model[plant].cast<String>()) : "";
    TVM_FFI_CHECK(plant_ != "refuse-config", ValueError) << "the configuration is not understood";
    if (plant_ == "hang-in-reload") hang();
    if (plant_ == "crash-in-reload") std::raise(SIGSEGV);
    std::lock_guard<std::mutex> lock(mutex_);
    loaded_ = true;
    changed_.notify_all();
  }

  bool chat(const std::string& request, const std::string& id) {
    if (plant_ == "stuck-in-chat") hang();
    if (plant_ == "refuse-prompt") {
      error_ = "Role \"user\" is not supported";
      return false;
    }
    const json::Object asked = object(json::Parse(String(request)));
    Prompt prompt;
    prompt.id = id;
    for (const Any& message : asked[String("messages")].cast<json::Array>()) {
      prompt.n_in += 2 + words(text(object(message), "content"));
    }
    prompt.max_tokens = number(asked, "max_tokens");
    prompt.ignore_end = object(asked[String("debug_config")])[String("ignore_eos")].cast<bool>();
    TVM_FFI_CHECK(asked[String("temperature")].cast<double>() == 0.0, ValueError) << "not greedy";
    compute_.push([this, prompt] { answer(prompt); });
    return true;
  }

  void answer(const Prompt& prompt) {
    if (plant_ == "hang-in-chat") return;
    const auto start = Clock::now();
    const auto since = [start] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    // Prompts of real models end by a token of their own, here after three.
    const int64_t n_out = prompt.ignore_end ? prompt.max_tokens : std::min<int64_t>(3, prompt.max_tokens);
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
    const double ttft = since();
    for (int64_t token = 0; token < n_out; ++token) {
      // Every third token has no text, and is not called back.
      if (token % 3 != 1) call_back(prompt.id, "standing ", "null");
      if (plant_ == "crash-in-chat") std::raise(SIGSEGV);
      TVM_FFI_CHECK(plant_ != "end-in-chat", InternalError) << "the loop met its end";
      if (plant_ == "garble") call([] { return std::string("{\"id\""); });
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    call_back(prompt.id, "in", n_out < prompt.max_tokens ? "\"stop\"" : "\"length\"");
    const int64_t evaluated = plant_ == "cache" ? 1 : prompt.n_in;
    const double all = since();
    std::ostringstream usage;
    usage << "[{\"id\":\"" << prompt.id << "\",\"choices\":[],\"model\":\"stand-in\",\"usage\":{\"prompt_tokens\":"
          << prompt.n_in << ",\"completion_tokens\":" << n_out << ",\"total_tokens\":" << prompt.n_in + n_out
          << ",\"extra\":{\"prompt_tokens\":" << prompt.n_in << ",\"completion_tokens\":" << n_out
          << ",\"prefill_tokens\":" << evaluated << ",\"decode_tokens\":" << n_out - 1
          << ",\"jump_forward_tokens\":0,\"prefill_tokens_per_s\":" << evaluated / ttft
          << ",\"decode_tokens_per_s\":" << (n_out - 1) / (all - ttft) << ",\"end_to_end_latency_s\":" << all
          << ",\"ttft_s\":" << ttft << ",\"inter_token_latency_s\":" << all / n_out
          // What the test wants to know: the threads that this very loop computes with.
          << ",\"standin_threads\":" << Function::GetGlobalRequired("runtime.NumThreads")().cast<int>() << "}}}]";
    call([said = usage.str()] { return said; });
  }

  void call_back(const std::string& id, const std::string& content, const std::string& finish) {
    call([=] {
      return "[{\"id\":\"" + id + "\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"" +
             content + "\"},\"finish_reason\":" + finish + "}],\"model\":\"stand-in\"}]";
    });
  }

  // Callbacks come from the other loop's thread.
  void call(std::function<std::string()> said) {
    stream_.push([this, said = std::move(said)] { callback_(String(said())); });
  }

  Function callback_;
  Queue compute_, stream_;
  std::string plant_, error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool loaded_ = false;
};

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  reflection::GlobalDef().def("mlc.json_ffi.CreateJSONFFIEngine", [] { return Module(make_object<StandIn>()); });
}
