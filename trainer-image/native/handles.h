// JavaScript holds tensors as integers. The table is safe to use from any thread.
#ifndef RINGMASTER_NATIVE_HANDLES_H_
#define RINGMASTER_NATIVE_HANDLES_H_

#include <cstdint>

#include "error.h"

namespace ringmaster {

// Takes ownership.
int64_t InsertHandle(SharedHandle handle);

// Throws NOT_FOUND for a number that was never given out or was freed.
SharedHandle FindHandle(int64_t id);

// The tensor is freed when no run uses it any more. Throws NOT_FOUND like FindHandle: freeing twice is a bug.
void FreeHandle(int64_t id);

// Handles not yet freed.
int64_t CountHandles();

}  // namespace ringmaster

#endif  // RINGMASTER_NATIVE_HANDLES_H_
