// Worker processes: worker w of n does cases w, w + n, ...; it writes one JSON line a finished case to its pipe. When a worker dies, the
// first case without a line is the one that killed it, and a new worker does the rest.
#include "tools/ingot/WorkerPool.h"

#include "tools/ingot/Command.h"

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot {
namespace {

constexpr unsigned kCaseSeconds = 120;

class Pool {
public:
  Pool(size_t count, size_t workers, llvm::function_ref<CaseResult(size_t)> run, llvm::function_ref<void(size_t)> done)
      : run(run), done(done), results(count), lanes(std::min(workers, count)) {
    for (size_t i = 0; i < count; ++i)
      lanes[i % lanes.size()].cases.push_back(i);
  }

  std::vector<CaseResult> runAll() {
    for (Lane &lane : lanes)
      start(lane);
    std::vector<pollfd> waiting;
    for (;;) {
      waiting.clear();
      for (Lane &lane : lanes)
        if (lane.pipe >= 0)
          waiting.push_back({lane.pipe, POLLIN, 0});
      if (waiting.empty())
        return std::move(results);
      if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
        return std::move(results);
      for (const pollfd &ready : waiting)
        for (Lane &lane : lanes)
          if (ready.revents && lane.pipe == ready.fd)
            drain(lane);
    }
  }

private:
  struct Lane {
    std::vector<size_t> cases;
    size_t next = 0; // first case without a result
    pid_t process = -1;
    int pipe = -1;
    std::string text;
  };

  /// Forks a worker for what is left. Without a process or a pipe the cases fail.
  void start(Lane &lane) {
    int ends[2];
    lane.pipe = -1;
    lane.text.clear();
    if (lane.next >= lane.cases.size())
      return;
    if (pipe(ends) != 0 || (lane.process = fork()) < 0) {
      for (; lane.next < lane.cases.size(); ++lane.next)
        record(lane.cases[lane.next], {"failed", "no worker process could be started", 0});
      return;
    }
    if (lane.process == 0) {
      close(ends[0]);
      work(lane, ends[1]);
    }
    close(ends[1]);
    lane.pipe = ends[0];
  }

  [[noreturn]] void work(const Lane &lane, int out) {
    for (size_t at = lane.next; at < lane.cases.size(); ++at) {
      alarm(kCaseSeconds);
      double begin = secondsNow();
      CaseResult result = run(lane.cases[at]);
      llvm::json::Value line = llvm::json::Array{result.status, llvm::json::fixUTF8(result.reason), secondsNow() - begin};
      std::string text;
      llvm::raw_string_ostream(text) << line << '\n';
      for (llvm::StringRef rest = text; !rest.empty();) {
        ssize_t wrote = write(out, rest.data(), rest.size());
        if (wrote < 0 && errno != EINTR)
          _exit(kIngotFault);
        rest = rest.drop_front(wrote > 0 ? wrote : 0);
      }
    }
    _exit(kDone);
  }

  void drain(Lane &lane) {
    char buffer[1 << 16];
    ssize_t size = read(lane.pipe, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR)
      return;
    if (size <= 0)
      return finishWorker(lane);
    lane.text.append(buffer, size);
    for (size_t end; (end = lane.text.find('\n')) != std::string::npos; lane.text.erase(0, end + 1))
      parse(lane, llvm::StringRef(lane.text).take_front(end));
  }

  void parse(Lane &lane, llvm::StringRef line) {
    llvm::Expected<llvm::json::Value> value = llvm::json::parse(line);
    if (!value)
      return llvm::consumeError(value.takeError());
    const llvm::json::Array *row = value->getAsArray();
    if (!row || row->size() != 3 || lane.next >= lane.cases.size())
      return;
    record(lane.cases[lane.next++], {(*row)[0].getAsString().value_or("failed").str(), (*row)[1].getAsString().value_or("").str(),
                                     (*row)[2].getAsNumber().value_or(0)});
  }

  void finishWorker(Lane &lane) {
    close(lane.pipe);
    int status = 0;
    while (waitpid(lane.process, &status, 0) < 0 && errno == EINTR) {
    }
    if (lane.next < lane.cases.size()) {
      int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      std::string reason = signal == SIGALRM ? "no answer in " + std::to_string(kCaseSeconds) + " s"
                           : signal          ? "crash (signal " + std::to_string(signal) + ")"
                                             : "the worker ended (status " + std::to_string(WEXITSTATUS(status)) + ")";
      record(lane.cases[lane.next++], {"failed", reason, 0});
    }
    start(lane);
  }

  void record(size_t number, CaseResult result) {
    results[number] = std::move(result);
    done(++finished);
  }

  llvm::function_ref<CaseResult(size_t)> run;
  llvm::function_ref<void(size_t)> done;
  std::vector<CaseResult> results;
  std::vector<Lane> lanes;
  size_t finished = 0;
};

} // namespace

std::vector<CaseResult> runInWorkers(size_t count, size_t workers, llvm::function_ref<CaseResult(size_t)> run, llvm::function_ref<void(size_t)> done) {
  return count == 0 || workers == 0 ? std::vector<CaseResult>(count) : Pool(count, workers, run, done).runAll();
}

} // namespace ingot
