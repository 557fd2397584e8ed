// TensorFlow functions: registered from a GraphDef, run as one operation off the JavaScript thread.
#ifndef RINGMASTER_NATIVE_FUNCTIONS_H_
#define RINGMASTER_NATIVE_FUNCTIONS_H_

#include "arguments.h"

namespace ringmaster {

// registerFunction(name, graphDef, inputs, outputs, controlOutputs)
//
// `inputs` are names of Placeholder nodes, `outputs` are "node:index", `controlOutputs` are nodes that run although
// no output depends on them: every node with a side effect belongs there, or TensorFlow may drop it.
napi_value RegisterFunction(const Arguments& arguments);

// removeFunction(name)
napi_value RemoveFunction(const Arguments& arguments);

// run(name, inputs, outputCount) -> promise of the numbers of the outputs
napi_value Run(const Arguments& arguments);

}  // namespace ringmaster

#endif  // RINGMASTER_NATIVE_FUNCTIONS_H_
