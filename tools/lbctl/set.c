// SPDX-License-Identifier: GPL-2.0
/*
 * set: and what the module takes, but is likely a mistake.
 */
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ask.h"
#include "parse.h"
#include "report.h"
#include "run.h"

/* Not of restore: at boot the devices mostly come after it. */
static void check_device(int fd, const char *name)
{
	struct ifreq request = { 0 };
	char sentence[128];
	const char *what = NULL;

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		what = "there is no such device now; it takes part once it is there";
	else if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		what = "this is no Ethernet device: its packets don't take the fast path";
	if (!what)
		return;
	snprintf(sentence, sizeof(sentence), "set: %s ('%s')", what, name);
	report_warning(sentence);
}

static void check_devices(const struct command *cmd)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *name;
	u32 at = 0;

	while (fd >= 0 && (name = command_device(cmd, &at)))
		check_device(fd, name);
	if (fd >= 0)
		close(fd);
}

int run_set(struct channel *channel, const struct command *cmd)
{
	int status = run_change(channel, cmd);

	if (!status)
		check_devices(cmd);
	return status;
}
