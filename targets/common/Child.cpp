// Child processes by posix_spawn, with one socket pair for both directions: no signal when the other side has gone.
#include "targets/common/Child.h"

#include "llvm/Support/MemoryBuffer.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char **environ;

namespace ingot {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

} // namespace

Child::~Child() {
  if (stream >= 0)
    close(stream);
  if (process < 0)
    return;
  for (int tries = 0; tries < 100; ++tries) {
    if (waitpid(process, nullptr, WNOHANG) != 0)
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(process, SIGKILL);
  waitpid(process, nullptr, 0);
}

llvm::Error Child::start(const std::string &program, llvm::ArrayRef<std::string> arguments, const std::string &logPath) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
    return llvm::createStringError(std::error_code(errno, std::generic_category()), "cannot make a pipe");
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  stream = ends[0];
  log = logPath;
  std::vector<char *> argv = {const_cast<char *>(program.c_str())};
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int code = posix_spawn(&process, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (code == 0)
    return llvm::Error::success();
  process = -1;
  return llvm::createStringError(std::error_code(code, std::generic_category()), "cannot start '" + program + "'");
}

void Child::allow(double seconds) { deadline = now() + seconds; }

/// Until the stream can be read or written.
llvm::Error Child::wait(short events) {
  for (;;) {
    double left = deadline - now();
    if (left <= 0) {
      kill(process, SIGKILL);
      return llvm::createStringError("the process did not answer in time and was ended");
    }
    pollfd waiting = {stream, events, 0};
    int ready = poll(&waiting, 1, static_cast<int>(std::min(left, 1000.0) * 1000) + 1);
    if (ready > 0)
      return llvm::Error::success();
    if (ready < 0 && errno != EINTR)
      return llvm::createStringError(std::error_code(errno, std::generic_category()), "cannot wait for the process");
  }
}

/// Why there is nobody to talk to.
llvm::Error Child::ended() {
  int status = 0;
  waitpid(process, &status, 0);
  process = -1;
  auto printed = llvm::MemoryBuffer::getFile(log);
  llvm::StringRef text = printed ? (*printed)->getBuffer().trim().take_front(2000) : "";
  std::string how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : "exit status " + std::to_string(WEXITSTATUS(status));
  return llvm::createStringError("the process ended (" + how + ") " + text);
}

llvm::Error Child::send(llvm::StringRef bytes) {
  if (process < 0)
    return llvm::createStringError("the process has ended");
  while (!bytes.empty()) {
    if (llvm::Error error = wait(POLLOUT))
      return error;
    ssize_t wrote = ::send(stream, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (wrote <= 0)
      return ended();
    bytes = bytes.drop_front(static_cast<size_t>(wrote));
  }
  return llvm::Error::success();
}

llvm::Error Child::receive(void *to, size_t bytes) {
  if (process < 0)
    return llvm::createStringError("the process has ended");
  for (char *at = static_cast<char *>(to); bytes != 0;) {
    if (llvm::Error error = wait(POLLIN))
      return error;
    ssize_t got = recv(stream, at, bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (got <= 0)
      return ended();
    at += got;
    bytes -= static_cast<size_t>(got);
  }
  return llvm::Error::success();
}

} // namespace ingot
