// Verifiers of the deploy dialect. The label in a message is the rule's name in Ops.td.
#include "dialects/deploy/Deploy.h"

using namespace mlir;
using namespace ingot::deploy;

LogicalResult CallOp::verify() {
  for (Attribute place : getPlaces())
    if (!isa<PlaceAttr>(place))
      return emitOpError("Y1: places holds something that is no #deploy.place");
  if (getTurns() && (*getTurns() + 1 >= getParams().size() || getParams()[*getTurns()] < 1))
    return emitOpError("Y2: turns names no parameter before the last that says how many");
  return success();
}
