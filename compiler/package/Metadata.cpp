// See Metadata.h. Structure is proved by FlatBuffers' verifier, meaning by checkLayout.
#include "compiler/package/Metadata.h"
#include "compiler/package/Container_generated.h"
#include "compiler/package/PackageError.h"

#include "llvm/Support/Endian.h"

#include <cstring>

using namespace ingot;

using Builder = flatbuffers::FlatBufferBuilder;
using TensorList = flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>>;

/// Bytes that FlatBuffers may be asked to hold, with room to its limit of 2 GiB.
constexpr size_t metadataLimit = size_t(1) << 30;

static flatbuffers::Offset<fb::Tensor> addTensor(Builder &builder, const PackedWeight &tensor, llvm::StringRef bound = "") {
  auto name = builder.CreateString(tensor.name);
  auto shape = builder.CreateVector(tensor.shape);
  flatbuffers::Offset<flatbuffers::String> recipe;
  if (!tensor.recipe.empty())
    recipe = builder.CreateString(tensor.recipe);
  flatbuffers::Offset<flatbuffers::Vector<uint8_t>> value;
  if (!bound.empty())
    value = builder.CreateVector(reinterpret_cast<const uint8_t *>(bound.data()), bound.size());
  return fb::CreateTensor(builder, name, static_cast<uint8_t>(tensor.type), shape, tensor.offset, tensor.bytes, recipe, value);
}

static flatbuffers::Offset<TensorList> addIos(Builder &builder, llvm::ArrayRef<ProgramIo> ios) {
  std::vector<flatbuffers::Offset<fb::Tensor>> list;
  for (const ProgramIo &io : ios)
    list.push_back(addTensor(builder, {io.name, io.type, io.shape, 0, io.bytes, ""}, io.bound));
  return builder.CreateVector(list);
}

/// Bytes of all texts and shapes, roughly.
static size_t sizeOf(const Layout &layout) {
  size_t size = layout.model.size() + layout.device.size();
  for (const EntryLayout &entry : layout.entries)
    for (const std::vector<ProgramIo> *ios : {&entry.inputs, &entry.outputs})
      for (const ProgramIo &io : *ios)
        size += io.name.size() + io.bound.size() + 8 * io.shape.size() + 64;
  for (const PackedWeight &weight : layout.weights)
    size += weight.name.size() + weight.recipe.size() + 8 * weight.shape.size() + 64;
  return size;
}

llvm::Expected<std::string> ingot::writeMetadata(const Layout &layout) {
  if (sizeOf(layout) > metadataLimit)
    return packageError("IG0504", "the names of the model's tensors need more than 1 GiB of metadata");
  Builder builder;
  auto model = builder.CreateString(layout.model);
  auto device = builder.CreateString(layout.device);
  std::vector<flatbuffers::Offset<fb::Entry>> entryList;
  for (const EntryLayout &entry : layout.entries) {
    auto name = builder.CreateString(entry.name);
    auto inputs = addIos(builder, entry.inputs), outputs = addIos(builder, entry.outputs);
    entryList.push_back(fb::CreateEntry(builder, name, entry.arenaBytes, entry.scratchBytes, inputs, outputs, entry.serial, entry.liveBytes));
  }
  auto entries = builder.CreateVector(entryList);
  std::vector<flatbuffers::Offset<fb::Tensor>> list;
  for (const PackedWeight &weight : layout.weights)
    list.push_back(addTensor(builder, weight));
  auto weights = builder.CreateVector(list);
  auto root = fb::CreateMetadata(builder, model, device, layout.stateBytes, layout.workers, layout.weightsBytes, entries, weights);
  fb::FinishMetadataBuffer(builder, root);
  return std::string(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
}

/// Nullopt: the type is unknown.
static std::optional<PackedWeight> readTensor(const fb::Tensor &tensor) {
  if (tensor.type() > static_cast<uint8_t>(DType::F4E2M1))
    return std::nullopt;
  PackedWeight out;
  out.name = tensor.name()->str();
  out.type = static_cast<DType>(tensor.type());
  // The verifier accepts vectors of longs on 4-byte boundaries: no typed reads.
  for (size_t i = 0; i < tensor.shape()->size(); ++i)
    out.shape.push_back(static_cast<int64_t>(llvm::support::endian::read64le(tensor.shape()->Data() + 8 * i)));
  out.offset = tensor.offset();
  out.bytes = tensor.bytes();
  if (tensor.recipe())
    out.recipe = tensor.recipe()->str();
  return out;
}

static bool readTensors(const TensorList &list, llvm::function_ref<void(PackedWeight, llvm::StringRef)> take) {
  for (const fb::Tensor *tensor : list) {
    std::optional<PackedWeight> read = readTensor(*tensor);
    if (!read)
      return false;
    const flatbuffers::Vector<uint8_t> *bound = tensor->bound();
    take(std::move(*read), bound ? llvm::StringRef(reinterpret_cast<const char *>(bound->data()), bound->size()) : "");
  }
  return true;
}

static bool readLists(const fb::Metadata &metadata, Layout &layout) {
  auto into = [](std::vector<ProgramIo> &list) {
    return [&list](PackedWeight io, llvm::StringRef bound) {
      list.push_back({std::move(io.name), io.type, std::move(io.shape), io.bytes, bound.str()});
    };
  };
  for (const fb::Entry *entry : *metadata.entries()) {
    EntryLayout &read = layout.entries.emplace_back(EntryLayout{entry->name()->str(), entry->arena_bytes(), entry->scratch_bytes(), {}, {}, entry->serial(), entry->live_bytes()});
    if (!readTensors(*entry->inputs(), into(read.inputs)) || !readTensors(*entry->outputs(), into(read.outputs)))
      return false;
  }
  return readTensors(*metadata.weights(), [&](PackedWeight weight, llvm::StringRef) { layout.weights.push_back(std::move(weight)); });
}

llvm::Expected<Layout> ingot::readMetadata(llvm::StringRef bytes) {
  if (bytes.size() > 2 * metadataLimit - 1)
    return packageError("IG0514", "the metadata has " + std::to_string(bytes.size()) + " bytes");
  // FlatBuffers reads numbers in place: they must lie aligned, and a caller's bytes may not.
  std::unique_ptr<uint64_t[]> aligned(new uint64_t[bytes.size() / 8 + 1]);
  if (!bytes.empty())
    std::memcpy(aligned.get(), bytes.data(), bytes.size());
  const uint8_t *begin = reinterpret_cast<const uint8_t *>(aligned.get());
  flatbuffers::Verifier verifier(begin, bytes.size(), /*max_depth=*/8, /*max_tables=*/bytes.size() / 8 + 1);
  if (bytes.size() < 16 || !fb::VerifyMetadataBuffer(verifier))
    return packageError("IG0514", "the metadata is no valid FlatBuffer of this format");
  const fb::Metadata &metadata = *fb::GetMetadata(begin);
  Layout layout;
  layout.model = metadata.model()->str();
  layout.device = metadata.device()->str();
  layout.stateBytes = metadata.state_bytes();
  layout.workers = metadata.max_workers();
  layout.weightsBytes = metadata.weights_bytes();
  if (!readLists(metadata, layout))
    return packageError("IG0514", "the metadata has a tensor of unknown type");
  std::string fault = checkLayout(layout);
  if (!fault.empty())
    return packageError("IG0514", fault);
  return layout;
}
