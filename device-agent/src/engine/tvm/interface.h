#pragma once

namespace slm::tvm {

// Takes TVM's C interface from an opened library; whether it has all of it. Nothing
// of tvm-ffi may be called before this succeeded.
bool bind_interface(void* library);

}  // namespace slm::tvm
