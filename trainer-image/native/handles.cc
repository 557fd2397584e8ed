#include "handles.h"

#include <mutex>
#include <unordered_map>

namespace ringmaster {
namespace {

struct Table {
  std::mutex mutex;
  std::unordered_map<int64_t, SharedHandle> handles;
  // Never used twice, so that a stale number is found out.
  int64_t next_id = 1;
};

// Never destroyed: worker threads may use it until the process ends.
Table& TheTable() {
  static Table* const table = new Table;
  return *table;
}

[[noreturn]] void ThrowUnknown(int64_t id) {
  throw Error("NOT_FOUND", "no tensor has number " + std::to_string(id) + "; it was freed or never existed");
}

}  // namespace

int64_t InsertHandle(SharedHandle handle) {
  Table& table = TheTable();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const int64_t id = table.next_id++;
  table.handles.emplace(id, std::move(handle));
  return id;
}

SharedHandle FindHandle(int64_t id) {
  Table& table = TheTable();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = table.handles.find(id);
  if (found == table.handles.end()) ThrowUnknown(id);
  return found->second;
}

void FreeHandle(int64_t id) {
  Table& table = TheTable();
  SharedHandle last;  // Destroyed after the lock is given back: freeing a large tensor takes time.
  const std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = table.handles.find(id);
  if (found == table.handles.end()) ThrowUnknown(id);
  last = std::move(found->second);
  table.handles.erase(found);
}

int64_t CountHandles() {
  Table& table = TheTable();
  const std::lock_guard<std::mutex> lock(table.mutex);
  return static_cast<int64_t>(table.handles.size());
}

}  // namespace ringmaster
