// SPDX-License-Identifier: MIT
// A C++ server that waits with epoll and never blocks in accept: epoll PORT.
#include "gpu.h"
#include "http.h"
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace
{

class Poller
{
  public:
    explicit Poller(int listening) : listening_(listening), epoll_(epoll_create1(EPOLL_CLOEXEC))
    {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = listening;
        fcntl(listening, F_SETFL, fcntl(listening, F_GETFL) | O_NONBLOCK);
        if (epoll_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, listening, &event) != 0)
            throw std::runtime_error("epoll");
    }

    void serve() const
    {
        std::array<epoll_event, 16> events{};
        if (epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1) < 0)
            return;
        for (int connection; (connection = accept(listening_, nullptr, nullptr)) >= 0;)
            http_answer(connection, gpu_now());
    }

  private:
    int listening_, epoll_;
};

} // namespace

int main(int argc, char **argv)
{
    try {
        const int listening = http_listen(argc > 1 ? argv[1] : "0");
        gpu_load();
        const Poller poller(listening);
        for (;;)
            poller.serve();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
