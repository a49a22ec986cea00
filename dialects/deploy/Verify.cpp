// Verifiers of the deploy dialect.
#include "dialects/deploy/Deploy.h"

using namespace mlir;
using namespace ingot::deploy;

LogicalResult CallOp::verify() {
  for (Attribute place : getPlaces())
    if (!isa<PlaceAttr>(place))
      return emitOpError("Y1: places holds something that is no #deploy.place");
  return success();
}
