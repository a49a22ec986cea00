// ingot build --tune SECONDS: measures on this machine which ways (passes/Choices.h) are faster than the rules', and writes the lock file.
#ifndef INGOT_TOOLS_INGOT_TUNE_H
#define INGOT_TOOLS_INGOT_TUNE_H

#include "compiler/package/Report.h"
#include "tools/ingot/Session.h"

namespace ingot {

/// Tunes the model and writes MODEL.tune; the build that follows takes it. What was measured goes into the report. False: reported.
bool tuneModel(const Context &context, const CompileOptions &options, ReportData &report);

/// The entries of the lock file that the build took, for the report.
void fillTuning(ReportData &report, const CompileOptions &options, const Compiled &compiled);

} // namespace ingot

#endif
