// --verify: the built program against the reference evaluator; and what rounded operands cost against the f32 model.
#ifndef INGOT_TOOLS_INGOT_VERIFY_H
#define INGOT_TOOLS_INGOT_VERIFY_H

#include "compiler/package/Report.h"
#include "tools/ingot/Session.h"

namespace ingot {

/// Inputs of small numbers, and the values of those that are bound.
std::vector<Tensor> smallInputs(const Program &program);

/// Runs the program of every shape on small numbers and compares it with the reference evaluator; adds the rows to the report. With rounded operands
/// (--precision bf16, f16) an output may also differ by what the rounding itself does to it: sums in another order round now and then to the other
/// neighbour, which later layers carry on. False: reported.
bool verifyBuild(const Context &context, const CompileOptions &options, const Compiled &compiled, ReportData &report);

/// The outputs of the model with rounded operands against those of the f32 model, both by the reference evaluator on the samples of --calibrate, or on
/// small numbers: a row an output in the report, with the largest error of a sample. False: reported.
bool stateRounding(const Context &context, const CompileOptions &options, const Compiled &compiled, ReportData &report);

} // namespace ingot

#endif
