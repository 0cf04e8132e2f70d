// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a TCP connection as the director sees them pass. It keeps no
 * sequence numbers: the two ends do. So whoever knows addresses and ports can
 * forge a FIN, which shortens the timeout, or a RST, which does so until the
 * next genuine segment of the same end, or lets a SYN open the tuple anew.
 *
 * It also compiles in userspace, see selftests/unit.
 */
#include "lbvs.h"

#define S_NO LBVS_STATE_NONE		/* stay */
#define S_SS LBVS_STATE_TCP_SYN_SENT
#define S_SR LBVS_STATE_TCP_SYN_RECV
#define S_ES LBVS_STATE_TCP_ESTABLISHED
#define S_FW LBVS_STATE_TCP_FIN_WAIT
#define S_CW LBVS_STATE_TCP_CLOSE_WAIT
#define S_LA LBVS_STATE_TCP_LAST_ACK
#define S_TW LBVS_STATE_TCP_TIME_WAIT
#define S_CL LBVS_STATE_TCP_CLOSE

/*
 * The next state by direction, event and state; S_NO keeps the state. The
 * column NONE is for a connection that is being made. A SYN that begins a new
 * connection on the tuple of a closing one never gets here.
 *
 * Where only the client is heard, his ACK tells that the handshake is done, and
 * after his FIN nothing tells a half-closed connection from a closed one: it
 * counts as closed, and lasts as long as he sends.
 */
static const u8 tcp_next[3][__LBVS_TCP_EVENT_MAX][LBVS_STATE_TCP_CLOSE + 1] = {
	[LBVS_DIR_IN] = {
		/*		   NONE  SS    SR    ES    FW    CW    LA    TW    CL */
		[LBVS_TCP_SYN] = { S_SS, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO },
		[LBVS_TCP_ACK] = { S_ES, S_NO, S_ES, S_NO, S_NO, S_NO, S_TW, S_NO, S_NO },
		[LBVS_TCP_FIN] = { S_FW, S_NO, S_FW, S_FW, S_NO, S_LA, S_NO, S_NO, S_NO },
		[LBVS_TCP_RST] = { S_CL, S_NO, S_NO, S_CL, S_CL, S_CL, S_NO, S_NO, S_NO },
	},
	[LBVS_DIR_OUT] = {
		/*		      NONE  SS    SR    ES    FW    CW    LA    TW    CL */
		[LBVS_TCP_SYNACK] = { S_NO, S_SR, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO },
		[LBVS_TCP_ACK] =    { S_NO, S_NO, S_NO, S_NO, S_NO, S_NO, S_TW, S_NO, S_NO },
		[LBVS_TCP_FIN] =    { S_NO, S_NO, S_CW, S_CW, S_LA, S_NO, S_NO, S_NO, S_NO },
		[LBVS_TCP_RST] =    { S_NO, S_CL, S_CL, S_CL, S_CL, S_CL, S_NO, S_NO, S_CL },
	},
	[LBVS_DIR_ALONE] = {
		/*		   NONE  SS    SR    ES    FW    CW    LA    TW    CL */
		[LBVS_TCP_SYN] = { S_SS, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO },
		[LBVS_TCP_ACK] = { S_ES, S_ES, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO, S_NO },
		[LBVS_TCP_FIN] = { S_TW, S_TW, S_NO, S_TW, S_NO, S_NO, S_NO, S_NO, S_NO },
		[LBVS_TCP_RST] = { S_NO, S_NO, S_NO, S_CL, S_NO, S_NO, S_NO, S_NO, S_NO },
	},
};

/**
 * lbvs_tcp_next() - the state of a TCP connection after a segment
 * @word: &lbvs_conn.word before; 0 for a connection that is being made
 * @dir: the segment's direction
 * @event: what its flags mean
 *
 * A RST is believed, since most are true. Who sends on after "his" RST didn't
 * send it, so his ACK takes the connection back to TCP_ESTABLISHED. Where both
 * sides have sent a FIN, a RST tells nothing new. During the handshake one in the
 * client's name doesn't, either: half-open is the least that a connection can be, and
 * an ACK after it must not make more of it than it would have without. Whatever
 * the client is said to have sent, the real's own RST is what counts.
 *
 * Return: &lbvs_conn.word after
 */
u32 lbvs_tcp_next(u32 word, enum lbvs_dir dir, enum lbvs_tcp_event event)
{
	u8 state = word & LBVS_CONN_STATE;
	u8 next = tcp_next[dir][event][state];
	u32 rst = dir == LBVS_DIR_OUT ? LBVS_CONN_RST_OUT : 0;

	if (state == LBVS_STATE_TCP_CLOSE && event == LBVS_TCP_ACK &&
	    (word & LBVS_CONN_RST_OUT) == rst)
		next = LBVS_STATE_TCP_ESTABLISHED;
	if (next == S_NO)
		return word;

	word &= ~(LBVS_CONN_STATE | LBVS_CONN_ACTIVE | LBVS_CONN_RST_OUT);
	if (next == LBVS_STATE_TCP_CLOSE)
		word |= rst;
	if (!lbvs_state_closing(next))
		word |= LBVS_CONN_ACTIVE;
	return word | next;
}
