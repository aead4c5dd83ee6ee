// MLC-LLM's own engine behind its JSON interface. What Rust sees of it.
#pragma once
#include <cstdint>
#include <memory>

#include "rust/cxx.h"

namespace slm::mlc_llm {

// Rust's: takes the events of the engine's threads.
struct EventSink;

class Engine {
 public:
  // Not before `close` has returned: its threads would go on without it.
  virtual ~Engine() = default;
  // Starts loading a model; the sink gets the outcome. `config` is JSON.
  virtual void load(rust::Str config) = 0;
  // Gives a prompt, JSON; the sink gets the reply. False when it is refused.
  virtual bool chat(rust::Str request, rust::Str id) const = 0;
  // Why a prompt was refused.
  virtual rust::String last_error() const = 0;
  // Ends the engine's loops and waits for its threads.
  virtual void close() = 0;
};

// Makes an engine and starts its two loops; `device_type` is DLPack's. Throws when the
// runtime has no such engine.
std::unique_ptr<Engine> open_engine(int32_t device_type, int32_t device_id, int32_t threads,
                                    rust::Slice<const uint32_t> cpus, rust::Box<EventSink> sink);

}  // namespace slm::mlc_llm
