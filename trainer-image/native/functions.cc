#include "functions.h"

#include <cstdlib>
#include <memory>
#include <optional>

#include "context.h"
#include "handles.h"

namespace ringmaster {
namespace {

TF_Operation* FindOperation(TF_Graph* graph, const std::string& name) {
  TF_Operation* operation = TF_GraphOperationByName(graph, name.c_str());
  if (operation == nullptr) throw Error("NOT_FOUND", "the graph has no node '" + name + "'");
  return operation;
}

// "node" or "node:index"
TF_Output FindOutput(TF_Graph* graph, const std::string& reference) {
  const size_t colon = reference.rfind(':');
  if (colon == std::string::npos) return {FindOperation(graph, reference), 0};
  TF_Operation* operation = FindOperation(graph, reference.substr(0, colon));
  const int index = std::atoi(reference.c_str() + colon + 1);
  if (index < 0 || index >= TF_OperationNumOutputs(operation)) {
    throw Error("OUT_OF_RANGE", "the graph has no output '" + reference + "'");
  }
  return {operation, index};
}

std::vector<TF_Output> FindOutputs(TF_Graph* graph, const std::vector<std::string>& references) {
  std::vector<TF_Output> outputs;
  for (const std::string& reference : references) outputs.push_back(FindOutput(graph, reference));
  return outputs;
}

// One call of a function, from `run` until its promise is settled.
struct Call {
  std::string name;
  std::vector<SharedHandle> inputs;
  int output_count = 0;

  std::vector<SharedHandle> outputs;
  std::optional<Error> error;

  napi_async_work work = nullptr;
  napi_deferred promise = nullptr;
};

void ExecuteOrThrow(Call* call) {
  Status status;
  const OwnedOperation operation(TFE_NewOp(Context(), call->name.c_str(), status));
  status.Check("find function '" + call->name + "'");
  for (const SharedHandle& input : call->inputs) {
    TFE_OpAddInput(operation.get(), input.get(), status);
    status.Check("add input of '" + call->name + "'");
  }
  std::vector<TFE_TensorHandle*> results(call->output_count, nullptr);
  int result_count = call->output_count;
  TFE_Execute(operation.get(), results.data(), &result_count, status);
  status.Check("run '" + call->name + "'");
  for (int i = 0; i < result_count; i++) call->outputs.push_back(ShareHandle(results[i]));
}

// On a worker thread.
void Execute(napi_env, void* data) {
  Call* call = static_cast<Call*>(data);
  try {
    ExecuteOrThrow(call);
  } catch (const Error& error) {
    call->error = error;
  } catch (const std::exception& error) {
    call->error = Error("INTERNAL", error.what());
  }
  // Inputs that JavaScript freed meanwhile go now, not when the event loop comes round.
  call->inputs.clear();
}

// On the JavaScript thread, when Execute is done or the work was cancelled because the environment ends.
void Settle(napi_env env, napi_status status, void* data) {
  const std::unique_ptr<Call> call(static_cast<Call*>(data));
  napi_delete_async_work(env, call->work);
  if (status == napi_cancelled) call->error = Error("CANCELLED", "the process is ending");
  try {
    if (!call->error) {
      std::vector<int64_t> ids;
      for (SharedHandle& output : call->outputs) ids.push_back(InsertHandle(std::move(output)));
      napi_resolve_deferred(env, call->promise, FromIntegers(env, ids));
      return;
    }
  } catch (const Error& error) {
    call->error = error;
  }
  const napi_value reason = ToJavaScript(env, *call->error);
  if (reason != nullptr) napi_reject_deferred(env, call->promise, reason);
}

}  // namespace

napi_value RegisterFunction(const Arguments& arguments) {
  const std::string name = arguments.String(0, "name");
  const Bytes graph_def = arguments.Buffer(1, "graphDef");
  const std::vector<std::string> inputs = arguments.Strings(2, "inputs");
  const std::vector<std::string> outputs = arguments.Strings(3, "outputs");
  const std::vector<std::string> control_outputs = arguments.Strings(4, "controlOutputs");

  Status status;
  const OwnedGraph graph(TF_NewGraph());
  const OwnedBuffer buffer(TF_NewBufferFromString(graph_def.data, graph_def.size));
  const OwnedImportOptions options(TF_NewImportGraphDefOptions());
  TF_GraphImportGraphDef(graph.get(), buffer.get(), options.get(), status);
  status.Check("import graph '" + name + "'");

  const std::vector<TF_Output> input_list = FindOutputs(graph.get(), inputs);
  const std::vector<TF_Output> output_list = FindOutputs(graph.get(), outputs);
  std::vector<const TF_Operation*> control_list;
  std::vector<const char*> control_names;
  for (const std::string& node : control_outputs) {
    control_list.push_back(FindOperation(graph.get(), node));
    control_names.push_back(node.c_str());
  }
  // -1 operations: the whole graph is the body. No output names: they are only needed to call it by keyword.
  const OwnedFunction function(TF_GraphToFunctionWithControlOutputs(
      graph.get(), name.c_str(), /*append_hash_to_fn_name=*/0, /*num_opers=*/-1, /*opers=*/nullptr,
      static_cast<int>(input_list.size()), input_list.data(), static_cast<int>(output_list.size()),
      output_list.data(), /*output_names=*/nullptr, static_cast<int>(control_list.size()), control_list.data(),
      control_names.data(), /*opts=*/nullptr, /*description=*/nullptr, status));
  status.Check("make function '" + name + "'");
  TFE_ContextAddFunction(Context(), function.get(), status);
  status.Check("register function '" + name + "'");
  return Undefined(arguments.env());
}

napi_value RemoveFunction(const Arguments& arguments) {
  const std::string name = arguments.String(0, "name");
  Status status;
  TFE_ContextRemoveFunction(Context(), name.c_str(), status);
  status.Check("remove function '" + name + "'");
  return Undefined(arguments.env());
}

napi_value Run(const Arguments& arguments) {
  const napi_env env = arguments.env();
  auto call = std::make_unique<Call>();
  call->name = arguments.String(0, "name");
  for (const int64_t id : arguments.Integers(1, "inputs")) call->inputs.push_back(FindHandle(id));
  call->output_count = static_cast<int>(arguments.Integer(2, "outputCount"));

  napi_value resource, promise;
  RequireNapi(napi_create_string_utf8(env, "ringmaster:run", NAPI_AUTO_LENGTH, &resource));
  RequireNapi(napi_create_async_work(env, nullptr, resource, Execute, Settle, call.get(), &call->work));
  if (napi_create_promise(env, &call->promise, &promise) != napi_ok ||
      napi_queue_async_work(env, call->work) != napi_ok) {
    napi_delete_async_work(env, call->work);
    throw Error("INTERNAL", "cannot queue function '" + call->name + "'");
  }
  call.release();  // Settle owns it now.
  return promise;
}

}  // namespace ringmaster
