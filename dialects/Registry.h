// All of Ingot's dialects and the upstream ones they lower to, registered in one place.
#ifndef INGOT_DIALECTS_REGISTRY_H
#define INGOT_DIALECTS_REGISTRY_H

namespace mlir {
class MLIRContext;
}

namespace ingot {
/// Loads every dialect that any phase uses.
void loadDialects(mlir::MLIRContext &context);
} // namespace ingot

#endif
