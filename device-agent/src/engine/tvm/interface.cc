// TVM's C interface, found at run time: nothing of TVM is linked, so that the agent
// starts without it. tvm-ffi's headers call these functions and no other symbol.
#include <dlfcn.h>
#include <tvm/ffi/c_api.h>

#include "interface.h"

#define SLM_INTERFACE(APPLY)                                                                                  \
  APPLY(int, TVMFFIFunctionGetGlobal, (const TVMFFIByteArray* name, TVMFFIObjectHandle* out), (name, out))    \
  APPLY(void, TVMFFIErrorMoveFromRaised, (TVMFFIObjectHandle* out), (out))                                    \
  APPLY(void, TVMFFIErrorSetRaised, (TVMFFIObjectHandle error), (error))                                      \
  APPLY(const TVMFFITypeInfo*, TVMFFIGetTypeInfo, (int32_t index), (index))                                   \
  APPLY(const TVMFFIByteArray*, TVMFFIBacktrace, (const char* file, int line, const char* name, int cross),   \
        (file, line, name, cross))                                                                            \
  APPLY(void, TVMFFIGetVersion, (TVMFFIVersion* out), (out))

#define SLM_FORWARD(Result, name, parameters, arguments)        \
  static Result(*found_##name) parameters = nullptr;            \
  extern "C" Result name parameters { return found_##name arguments; }
SLM_INTERFACE(SLM_FORWARD)

namespace slm::tvm {

bool bind_interface(void* library) {
  bool whole = true;
#define SLM_FIND(Result, name, parameters, arguments)                                \
  found_##name = reinterpret_cast<Result(*) parameters>(dlsym(library, #name));      \
  whole = whole && found_##name != nullptr;
  SLM_INTERFACE(SLM_FIND)
  return whole;
}

}  // namespace slm::tvm
