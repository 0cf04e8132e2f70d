// SPDX-License-Identifier: GPL-2.0
/*
 * What the printers make of known answers, and what is said of outcomes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../names.h"
#include "../print.h"
#include "../report.h"
#include "tap.h"

static struct real reals[] = {
	{
		.service = { .address = { AF_INET, { 192, 0, 2, 10 } }, .protocol = IPPROTO_TCP,
			     .port = 80 },
		.address = { AF_INET, { 10, 0, 0, 11 } }, .port = 8080, .weight = 2,
		.active = 3, .conns = 12345,
		.stats = { { 0, 1, 2, 1ULL << 40, 4, 5 } },
	}, {
		.service = { .address = { .family = AF_INET6 }, .mark = 7 },
		.address = { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x0b } },
		.state = LBVS_REAL_DRAIN,
	}, {
		.service = { .address = { .family = AF_INET6 }, .mark = 7 },
		.address = { AF_INET, { 10, 0, 0, 12 } }, .method = LBVS_METHOD_TUNNEL,
		.encap = LBVS_ENCAP_GUE, .encap_port = 6080, .encap_csum = true, .weight = 1,
	}, {
		.service = { .address = { .family = AF_INET6 }, .mark = 7 },
		.address = { AF_INET, { 10, 0, 0, 13 } }, .method = LBVS_METHOD_TUNNEL,
		.encap = LBVS_ENCAP_GRE, .weight = 1,
	}, {
		.service = { .address = { .family = AF_INET6 }, .mark = 7 },
		.address = { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x0c } },
		.method = LBVS_METHOD_DR, .weight = 1,
	},
};

static struct config_service services[] = {
	{
		.service = {
			.id = { .address = { AF_INET, { 192, 0, 2, 10 } },
				.protocol = IPPROTO_TCP, .port = 80 },
			.scheduler = "wlc", .flags = LBVS_SVC_F_ADOPT,
			.on_remove = LBVS_ON_REMOVE_KEEP,
			.timeouts = { 1U << LBVS_STATE_TCP_ESTABLISHED,
				      { [LBVS_STATE_TCP_ESTABLISHED] = 900 } },
		},
		.reals = &reals[0], .num_reals = 1,
	}, {
		.service = { .id = { .address = { .family = AF_INET6 }, .mark = 7 },
			     .scheduler = "rr" },
		.reals = &reals[1], .num_reals = 4,
	},
};

static const struct config config = { services, 2, reals, ARRAY_SIZE(reals), false };

/* Runs @print with stream @fd going to a file; returns what it wrote. */
static const char *capture(int fd, void (*print)(void))
{
	static char text[8192];
	FILE *stream = fd == STDOUT_FILENO ? stdout : stderr;
	FILE *file = tmpfile();
	int saved = dup(fd);
	size_t len;

	if (!file || saved < 0) {
		puts("Bail out! no temporary file");
		exit(1);
	}
	fflush(stream);
	dup2(fileno(file), fd);
	print();
	fflush(stream);
	dup2(saved, fd);
	close(saved);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void compare(const char *text, const char *want, const char *what)
{
	bool same = !strcmp(text, want);

	tap_ok(same, what);
	if (!same)
		fprintf(stderr, "# wanted:\n%s# printed:\n%s", want, text);
}

/* Against test/expected/@name. */
static void prints(void (*print)(void), const char *name, const char *what)
{
	char path[256], want[8192];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "test/expected/%s", name);
	file = fopen(path, "re");
	if (!file) {
		printf("Bail out! no %s: run it in tools/lbctl\n", path);
		exit(1);
	}
	len = fread(want, 1, sizeof(want) - 1, file);
	want[len] = '\0';
	fclose(file);
	compare(capture(STDOUT_FILENO, print), want, what);
}

static void list_text(void)
{
	text_list(&config);
}

static void list_json(void)
{
	json_list(&config);
}

static void lines(void)
{
	for (size_t i = 0; i < 2; i++) {
		line_service(&services[i].service);
		for (size_t j = 0; j < services[i].num_reals; j++)
			line_real(&services[i].reals[j]);
	}
}

static void test_list(void)
{
	prints(list_text, "list.txt", "list, as text");
	prints(list_json, "list.json", "list, as JSON");
	prints(lines, "save.txt", "lines to save");
}

static const struct conn conn = {
	.protocol = IPPROTO_TCP, .state = LBVS_STATE_MAX + 1, .client_port = 40000,
	.virtual_port = 80, .real_port = 8080, .expires_ms = 899950, .mark = 9,
	.client = { AF_INET, { 198, 51, 100, 7 } }, .virtual = { AF_INET, { 192, 0, 2, 10 } },
	.real = { AF_INET, { 10, 0, 0, 11 } },
};

static void conn_text(void)
{
	text_conn_head();
	text_conn(&conn);
}

static void conn_json(void)
{
	struct json json = { 0 };

	json_array(&json, NULL);
	json_conn(&json, &conn);
	json_conn(&json, &conn);
	json_array_end(&json);
}

static void odd_version(void)
{
	const struct info info = { .version = "1\"\\\n\xff", .schedulers = " rr  wlc " };

	json_version("0", &info);
}

/* Well-formed UTF-8 stays: of two bytes, three and four, and the first and last of some. */
#define UTF8 "\u00fc\u20ac\U0001f600\xc2\x80\u0800\xed\x9f\xbf\xee\x80\x80\U00010000\U0010ffff"

/* Cut off, too long, a surrogate, beyond what there is, and an end without a beginning. */
#define NO_UTF8 \
	"\xc3.\xe2\x82.\xc0\xaf.\xe0\x9f\xbf.\xed\xa0\x80.\xf4\x90\x80\x80.\x80.\xf0\x9f\x98"

#define BAD "\\ufffd"

static void odd_names(void)
{
	struct json json = { 0 };

	json_array(&json, NULL);
	json_string(&json, NULL, UTF8);
	json_string(&json, NULL, NO_UTF8);
	json_array_end(&json);
}

static void test_utf8(void)
{
	compare(capture(STDOUT_FILENO, odd_names),
		"[\"" UTF8 "\",\"" BAD "." BAD BAD "." BAD BAD "." BAD BAD BAD "." BAD BAD BAD "."
		BAD BAD BAD BAD "." BAD "." BAD BAD BAD "\"]\n",
		"JSON keeps UTF-8 and says where something else was");
}

static const struct settings settings = {
	.conn_limit = 5, .tunnel_df = LBVS_TUNNEL_DF_NEVER,
	.fast_path = LBVS_FAST_PATH_ALL, .transmit = LBVS_TRANSMIT_DIRECT,
	.num_fast_devices = 4, .fast_device = { "eth0", "dev", "all", "-x" },
	.timeouts = { 1U << LBVS_STATE_UDP, { [LBVS_STATE_UDP] = 30 } },
};

static const struct settings no_fast_path = {
	.conn_limit = 6, .num_fast_devices = 1, .fast_device = { "eth0" },
};

static void settings_text(void)
{
	text_settings(&settings);
	text_settings(&no_fast_path);
}

static void settings_json(void)
{
	json_settings(&settings);
}

static void settings_lines(void)
{
	line_settings(&settings);
	line_settings(&no_fast_path);
}

static void test_settings(void)
{
	prints(settings_text, "settings.txt", "settings, as text");
	prints(settings_json, "settings.json", "settings, as JSON");
	prints(settings_lines, "settings-save.txt", "settings to save");
}

static struct cpu_stats cpus[] = {
	{ 0, { { 0, 1, 2, 3, 4, 5 } }, { { 0, 10, [LBVS_DROP_MAX] = 20 } },
	  { { 0, 100, 7, [LBVS_FAST_MAX] = 8 } } },
	{ 3, { { 0 } }, { { 0 } }, { { [LBVS_FAST_TAKEN] = 1ULL << 40 } } },
};

static struct totals totals = {
	.stats = { { 0, 1, 2, 3, 4, 5 } }, .drops = { { 0, 10, [LBVS_DROP_MAX] = 20 } },
	.fates = { { 0, 1ULL << 41, 7, [LBVS_FAST_MAX] = 8 } },
	.evicted = 9,
	.info = { .conns = 2, .services = 3, .reals = 4, .settings.conn_limit = 5 },
	.cpus = cpus, .num_cpus = 2,
};

static void totals_text(void)
{
	text_totals(&totals);
}

static void totals_json(void)
{
	json_totals(&totals);
}

static void test_totals(void)
{
	prints(totals_json, "stats.json", "totals, as JSON");
	totals.per_cpu = true;
	prints(totals_text, "stats-cpus.txt", "totals and CPUs, as text");
	prints(totals_json, "stats-cpus.json", "totals and CPUs, as JSON");
}

static void test_rest(void)
{
	prints(conn_text, "connections.txt", "a connection in a state that isn't known yet");
	prints(conn_json, "connections.json", "two connections, as JSON");
	prints(odd_version, "version.json", "JSON quotes what it must");
	for (unsigned int i = 1; i <= LBVS_DROP_MAX; i++)
		tap_ok(i < drop_names.count && strcmp(drop_meaning(i), drop_meaning(0)),
		       "a reason to drop has a name and a meaning");
	for (unsigned int i = 1; i <= LBVS_FAST_MAX; i++)
		tap_ok(i < fate_names.count && fate_names.word[i] &&
		       strcmp(fate_meaning(i), fate_meaning(0)),
		       "what the fast path does has a name and a meaning");
	tap_ok(state_names.count == LBVS_STATE_MAX + 1, "every state has a name");
}

static struct request request = { .marks = 1, .mark = { { 20, { "--weight", "3" } } } };
static struct outcome outcome;
static int code;

static void report(void)
{
	code = report_outcome("restore: f:2: ", &verbs[VERB_ADD_REAL], &request, &outcome);
}

static void report_alone(void)
{
	code = report_outcome("", &verbs[VERB_DEL_REAL], &request, &outcome);
}

static void reports(struct outcome given, int want_code, const char *want, const char *what)
{
	outcome = given;
	compare(capture(STDERR_FILENO, report), want, what);
	tap_ok(code == want_code, what);
}

static void test_outcomes(void)
{
	reports((struct outcome){ 0 }, EXIT_DONE, "", "done, nothing said");
	reports((struct outcome){ .error = EINVAL, .offset = 20, .sentence = "too heavy" },
		EXIT_REFUSED, "lbctl: restore: f:2: add-real: too heavy ('--weight 3')\n",
		"refused, with a word to blame");
	reports((struct outcome){ .error = EINVAL, .offset = 24, .sentence = "too heavy" },
		EXIT_REFUSED, "lbctl: restore: f:2: add-real: too heavy\n",
		"refused, with nothing to blame");
	reports((struct outcome){ .error = EEXIST }, EXIT_REFUSED,
		"lbctl: restore: f:2: add-real: the service has this real already\n",
		"refused without a sentence");
	reports((struct outcome){ .sentence = "forwarding is off" }, EXIT_DONE,
		"lbctl: warning: restore: f:2: add-real: forwarding is off\n", "a warning");
	outcome = (struct outcome){ .error = ENOENT };
	compare(capture(STDERR_FILENO, report_alone),
		"lbctl: del-real: no such service, or no such real in it\n",
		"refused, on the command line");
	reports((struct outcome){ .error = EPERM }, EXIT_UNAVAILABLE,
		"lbctl: not permitted: be root, or have CAP_NET_ADMIN over this network namespace\n",
		"no permission");
}

int main(void)
{
	test_list();
	test_settings();
	test_totals();
	test_rest();
	test_utf8();
	test_outcomes();
	return tap_end();
}
