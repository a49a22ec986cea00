// The tuner. Kernels first, with one worker: a variant takes the n-th way of every choice at once, so that as many variants as a choice has ways measure
// them all, call by call. What won is looked at once more. Then the splits, by the time of the whole program with all workers: calls shorter than a
// limit are left to the first one. At the end the whole against the rules. A way must win by more than the noise each time.
#include "tools/ingot/Tune.h"

#include "compiler/import/gguf/GgufReader.h"
#include "compiler/support/Files.h"
#include "tools/ingot/Variant.h"

#include "llvm/Support/Path.h"

#include <set>

namespace ingot {
namespace {

constexpr llvm::StringLiteral kCannotCode = "IG0233", kBusyCode = "IG0234";
constexpr double kLeastShare = 0.004; // of the program's time: below it a kernel is not looked at
constexpr double kBusy = 50; // times in a second of work that another process takes the core: one that shares it takes it 100 times and more
// When the parts end, in shares of the time that was given.
constexpr double kKernelsEnd = 0.5, kSecondEnd = 0.65, kSplitsEnd = 0.85;
constexpr double kKernelsEndAlone = 0.7, kSecondEndAlone = 0.85; // where splits are not measured

using Ratios = std::map<std::string, double>; // by key

class Tuner {
public:
  Tuner(const Context &context, const CompileOptions &options, double seconds)
      : context(context), options(options), seconds(seconds), start(secondsNow()) {}

  /// False: reported.
  bool run() {
    base = Variant::build(options, {}, context.diagnostics);
    if (!base)
      return false;
    remember(*base);
    if (!measureKernels() || !lookAgain() || !measureSplits() || !judgeWhole())
      return context.fail("IG0311", "cannot time it here: " + problem, options.modelPath) == kDone;
    return true;
  }

  /// What was found to be better than the rules.
  std::vector<LockEntry> entries() const {
    std::vector<LockEntry> found;
    for (const auto &[key, way] : wishes)
      found.push_back({key, way, rules.at(key), ratios.at(key)});
    return found;
  }

  /// Keys that this build asked for: what an older file says of them is out of date.
  bool knows(const std::string &key) const { return rules.count(key) != 0; }

  double oneWorker = 1, allWorkers = 1; // the whole program's time to the rules'
  size_t variants = 0;

  double spent() const { return secondsNow() - start; }
  /// Other processes took the cores from this one, while it compiled or while it measured: the splits are the rules'.
  bool isBusy = false;

private:
  bool noticeBusy() {
    CoreUse use = CoreUse::now();
    return isBusy = isBusy || use.switches - before.switches > kBusy * (use.seconds - before.seconds);
  }

  double left(double share) const { return seconds * share - spent(); }

  bool measuresSplits() { return options.workers > 1 && !noticeBusy(); }
  double kernelsEnd() { return measuresSplits() ? kKernelsEnd : kKernelsEndAlone; }
  double secondEnd() { return measuresSplits() ? kSecondEnd : kSecondEndAlone; }

  /// A variant with the wishes; null where that way cannot be built, which is then no way.
  std::unique_ptr<Variant> variantOf(Choices::Wishes wanted) {
    Diagnostics ignored; // the base was built, and what was said of it stands
    ++variants;
    std::unique_ptr<Variant> variant = Variant::build(options, std::move(wanted), ignored);
    if (variant)
      remember(*variant);
    return variant;
  }

  void remember(const Variant &variant) {
    for (const Choice &choice : variant.asked())
      rules.try_emplace(choice.key, choice.rule);
  }

  std::optional<Duel> fight(Variant &first, Variant &second, int64_t workers, double time) {
    llvm::Expected<Duel> duel = Duel::fight(first, second, workers, time);
    if (duel)
      return std::move(*duel);
    problem = llvm::toString(duel.takeError());
    return std::nullopt;
  }

  /// The n-th way beside the rule's of each choice on a kernel.
  Choices::Wishes nthWays(size_t n) const {
    Choices::Wishes wanted;
    std::set<std::string> kernels;
    for (const ProgramCall &call : base->program().calls)
      kernels.insert(call.kernelChoice);
    for (const Choice &choice : base->asked()) {
      std::vector<std::string> others(choice.ways);
      llvm::erase(others, choice.rule);
      if (kernels.count(choice.key) && n < others.size())
        wanted[choice.key] = others[n];
    }
    return wanted;
  }

  size_t mostWays() const {
    size_t most = 0;
    while (!nthWays(most).empty())
      ++most;
    return most;
  }

  bool measureKernels() {
    size_t rounds = mostWays();
    for (size_t n = 0; n < rounds && left(kernelsEnd()) > 0; ++n) {
      Choices::Wishes wanted = nthWays(n);
      std::unique_ptr<Variant> variant = variantOf(wanted);
      std::optional<Duel> duel = variant ? fight(*base, *variant, 1, left(kernelsEnd()) / double(rounds - n)) : std::nullopt;
      if (variant && !duel)
        return false;
      for (const auto &[key, way] : duel ? wanted : Choices::Wishes())
        note(*duel, *variant, key, way);
    }
    return true;
  }

  /// On a key's calls; those that are too short to be told apart from noise never win.
  Verdict verdictOf(const Duel &duel, const Variant &variant, const std::string &key) const {
    std::vector<double> before = duel.first.ofKernelChoice(base->program(), key), after = duel.second.ofKernelChoice(variant.program(), key);
    return medianOf(before) > kLeastShare * medianOf(duel.first.whole) && medianOf(after) > 0 ? Verdict::of(before, after) : Verdict();
  }

  void note(const Duel &duel, const Variant &variant, const std::string &key, const std::string &way) {
    Verdict verdict = verdictOf(duel, variant, key);
    if (!verdict.wins() || (ratios.count(key) && ratios[key] <= verdict.ratio))
      return;
    ratios[key] = verdict.ratio;
    wishes[key] = way;
  }

  /// All winners in one program; those that do not win again go.
  bool lookAgain() {
    std::unique_ptr<Variant> variant = wishes.empty() || left(secondEnd()) <= 0 ? nullptr : variantOf(wishes);
    std::optional<Duel> duel = variant ? fight(*base, *variant, 1, left(secondEnd())) : std::nullopt;
    if (variant && !duel)
      return false;
    Choices::Wishes once = std::move(wishes);
    wishes.clear();
    for (const auto &[key, way] : duel ? once : Choices::Wishes()) {
      Verdict verdict = verdictOf(*duel, *variant, key);
      ratios[key] = verdict.ratio;
      if (verdict.wins())
        wishes[key] = way;
    }
    return true;
  }

  /// Calls whose time with one worker is below the limit to the first one, all others split, where that is not the rule's.
  Choices::Wishes splitsBelow(double limit, const Variant &variant, llvm::ArrayRef<double> times) const {
    Choices::Wishes wanted;
    std::map<std::string, double> longest;
    for (auto [call, time] : llvm::zip(variant.program().calls, times))
      longest[call.splitChoice] = std::max(longest[call.splitChoice], time);
    for (const Choice &choice : variant.asked()) {
      auto at = longest.find(choice.key);
      std::string way = at != longest.end() && at->second >= limit ? "all" : "1";
      if (at != longest.end() && way != choice.rule)
        wanted[choice.key] = way;
    }
    return wanted;
  }

  static std::vector<double> callTimes(const RoundTimes &times) {
    std::vector<double> medians;
    for (const std::vector<double> &call : times.calls)
      medians.push_back(medianOf(call));
    return medians;
  }

  bool measureSplits() {
    if (!measuresSplits() || left(kSplitsEnd) <= 0)
      return true;
    std::unique_ptr<Variant> plain = variantOf(wishes);
    std::optional<Duel> alone = plain ? fight(*plain, *plain, 1, 0) : std::nullopt;
    if (!alone)
      return !plain;
    constexpr double kLimits[] = {1, 0.5e-6, 1e-6, 2e-6, 4e-6, 8e-6, 16e-6}; // seconds; the first leaves all to one worker
    std::set<Choices::Wishes> seen{{}};
    std::pair<double, Choices::Wishes> best{1, {}};
    for (size_t i = 0; i < std::size(kLimits) && left(kSplitsEnd) > 0 && !noticeBusy(); ++i) {
      Choices::Wishes splits = splitsBelow(kLimits[i], *plain, callTimes(alone->first));
      if (!seen.insert(splits).second)
        continue;
      std::optional<Verdict> verdict = judgeSplits(*plain, splits, left(kSplitsEnd) / double(std::size(kLimits) + 1 - i));
      if (!verdict)
        return false;
      if (verdict->wins() && verdict->ratio < best.first)
        best = {verdict->ratio, splits};
    }
    return best.second.empty() || noticeBusy() || takeSplits(*plain, best.second);
  }

  /// On the whole program with the splits against that without; never won where they cannot be built. Nullopt: it could not be run.
  std::optional<Verdict> judgeSplits(Variant &plain, const Choices::Wishes &splits, double time) {
    Choices::Wishes all(wishes);
    all.insert(splits.begin(), splits.end());
    std::unique_ptr<Variant> variant = variantOf(std::move(all));
    if (!variant)
      return Verdict();
    std::optional<Duel> duel = fight(plain, *variant, options.workers, time);
    return duel ? std::optional<Verdict>(duel->whole()) : std::nullopt;
  }

  bool takeSplits(Variant &plain, const Choices::Wishes &splits) {
    std::optional<Verdict> again = judgeSplits(plain, splits, std::max(left(kSplitsEnd), seconds * 0.05));
    for (const auto &[key, way] : again && again->wins() && !noticeBusy() ? splits : Choices::Wishes()) {
      wishes[key] = way;
      ratios[key] = again->ratio;
    }
    return again.has_value();
  }

  /// Everything together against the rules, with one worker and with all: what is slower in either is not written. Other processes on the cores would
  /// make any split look bad, so that only quiet ones count.
  bool judgeWhole() {
    std::unique_ptr<Variant> variant = wishes.empty() ? nullptr : variantOf(wishes);
    std::optional<Duel> one = variant ? fight(*base, *variant, 1, left(1) / 2) : std::nullopt;
    std::optional<Duel> all = one ? fight(*base, *variant, options.workers, left(1)) : std::nullopt;
    if (!all)
      return !variant;
    oneWorker = one->whole().ratio;
    allWorkers = all->whole().ratio;
    if (oneWorker <= 1 && (isBusy || !Verdict::of(all->second.whole, all->first.whole).isSure))
      return true;
    wishes.clear();
    oneWorker = allWorkers = 1;
    return true;
  }

  const Context &context;
  const CompileOptions &options;
  double seconds, start;
  CoreUse before = CoreUse::now();
  std::unique_ptr<Variant> base; // the rules'
  Choices::Wishes wishes;        // what has won so far
  Ratios ratios;
  std::map<std::string, std::string> rules; // of every choice that was met, by key
  std::string problem; // why a variant could not be run
};

/// Refuses what --tune cannot measure.
bool checkRequest(const Context &context, const CompileOptions &options, const Device &device) {
  if (!mayTune(options, device))
    context.fail(kCannotCode, device.name == "host" ? "--tune is for ONNX models" : "--tune measures on the machine Ingot runs on, and the device is '" + device.name + "'",
                 options.modelPath, "leave out --tune, or take --device host");
  else if (!options.shapes.empty())
    context.fail(kCannotCode, "--tune measures one shape at a time, and --dim gives several", options.modelPath,
                 "tune with one extent after the other: the lock file keeps them all");
  else
    return true;
  return false;
}

} // namespace

bool tuneModel(const Context &context, const CompileOptions &options, ReportData &report) {
  std::optional<Device> device = resolveDevice(options, context.diagnostics);
  if (!device || !checkRequest(context, options, *device))
    return false;
  std::optional<TuneLock> lock = emptyLock(options.modelPath, *device, context.diagnostics);
  Tuner tuner(context, options, context.options.number("tune"));
  if (!lock || !tuner.run())
    return false;
  lock->entries = tuner.entries();
  Diagnostics ignored; // a file that cannot be used is written anew
  std::optional<TuneLock> old = readLock(lockPath(options.modelPath), ignored);
  for (const LockEntry &entry : old && whyForeign(*old, *lock).empty() ? old->entries : std::vector<LockEntry>())
    if (!tuner.knows(entry.key))
      lock->entries.push_back(entry);
  if (!writeFileAtomically(lockPath(options.modelPath), lockText(*lock), context.diagnostics))
    return false;
  if (tuner.isBusy)
    context.diagnostics.report(kBusyCode, "other programs use the cores: what is split among workers follows the rules", {options.modelPath},
                               "tune again when the machine is quiet");
  report.tuning = {lockPath(options.modelPath), tuner.spent(), tuner.oneWorker, tuner.isBusy ? 0 : tuner.allWorkers, {}, {}};
  if (printsTable(context))
    llvm::outs() << llvm::sys::path::filename(report.tuning.lock) << ": " << tuner.entries().size() << " choices better than the rules, from " << tuner.variants
                 << " builds in " << fixed(tuner.spent(), 1) << " s; time to the rules' " << fixed(tuner.oneWorker, 3) << " with one worker, "
                 << (tuner.isBusy ? "not known" : fixed(tuner.allWorkers, 3)) << " with " << options.workers << '\n';
  return true;
}

void fillTuning(ReportData &report, const CompileOptions &options, const Compiled &compiled) {
  constexpr size_t kMostPrograms = 4; // of many shapes the choices would be most of the report
  if (compiled.programs.size() <= kMostPrograms)
    report.tuning.asked = compiled.choices.asked();
  for (const LockEntry &entry : compiled.lock.entries)
    for (const Choice &choice : compiled.choices.asked())
      if (choice.key == entry.key && choice.taken == entry.way)
        report.tuning.choices.push_back({entry.key, entry.way, choice.rule, entry.ratio, {}});
  if (!report.tuning.choices.empty())
    report.tuning.lock = lockPath(options.modelPath);
  for (TuningRow &row : report.tuning.choices)
    for (const Program &program : compiled.programs)
      for (const ProgramCall &call : program.calls)
        if (call.kernelChoice == row.what || call.splitChoice == row.what)
          row.nodes.push_back(call.source);
}

} // namespace ingot
