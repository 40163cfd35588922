// @ts-check
// What goes into the ordering core and what comes out of it, as types. `../ordering.js` names them all again.
//
// Revisions are plain numbers: exact up to 2^53, which is 285,000 years of a thousand commits a second.

/**
 * @typedef {number} Revision  0 is the grid before its first commit.
 * @typedef {string} RequestKey  Identifies one read, for ever. Opaque; fit for a Map.
 * @typedef {readonly [first: number, last: number]} RowRange  Numbers of row ids ("r9" is 9), both included.
 */

/**
 * A person asked for a sheet, a view or a page size: everything before it is superseded.
 * @typedef {object} OpenEvent
 * @property {'open'} type
 * @property {number} sheet  The number in the sheet's id.
 * @property {number} view  Any number you give the view; 0 for the sheet itself.
 * @property {number} pageSize
 * @property {readonly number[] | 'all'} sensitive  Numbers of the columns the view filters or sorts by.
 * @property {readonly number[] | 'all'} [shown]  Numbers of the columns that the pages hold. Default 'all'.
 * @property {number} [first]  The pages in view at first, from 1. Default 1.
 * @property {number} [last]  Default `first`.
 */
/** @typedef {{ type: 'viewport', first: number, last: number }} ViewportEvent  These pages are in view now. */
/**
 * The stream is open, the server is at `revision`. With `resumedAfter` (the Last-Event-ID that was sent and accepted) the
 * signals after that one follow.
 * @typedef {{ type: 'hello', revision: Revision, resumedAfter?: Revision | null }} HelloEvent
 */
/**
 * Commits `from` to `revision` happened. `rows` are those of the open sheet; `commitSignal` makes this from the stream's JSON.
 * @typedef {object} SignalEvent
 * @property {'signal'} type
 * @property {Revision} from
 * @property {Revision} revision
 * @property {readonly RowRange[] | 'many'} rows  Empty when nothing of this sheet was touched.
 * @property {readonly number[] | 'many'} [columns]
 * @property {boolean} [order]
 * @property {boolean} [structure]
 */
/** @typedef {{ type: 'gap', revision: Revision }} GapEvent  Signals were lost for good. */
/** @typedef {{ type: 'heartbeat' }} HeartbeatEvent  The stream said something that is not a commit. */
/** @typedef {{ type: 'heartbeatLate' }} HeartbeatLateEvent  The stream is open but silent for too long. */
/** @typedef {{ type: 'streamLost' }} StreamLostEvent */
/**
 * @typedef {object} ReplyPage
 * @property {number} page
 * @property {readonly number[]} [rows]  The numbers of its row ids. Absent when the page is `unchanged`.
 * @property {boolean} [unchanged]
 */
/**
 * A reply to a read. Keep its payload until the effects have said `apply` or `drop` for its pages.
 * @typedef {object} ReplyArrivedEvent
 * @property {'replyArrived'} type
 * @property {RequestKey} request
 * @property {Revision} revision
 * @property {number} totalRows
 * @property {number} totalPages
 * @property {readonly ReplyPage[]} pages
 */
/** @typedef {'temporary' | 'permanent' | 'behind'} Failure */
/**
 * A read came to nothing: `temporary` (network, 429, 5xx), `permanent` (4xx), `behind` (the server did not reach
 * minRevision in time).
 * @typedef {{ type: 'replyFailed', request: RequestKey, kind: Failure, retryAfter?: number | null }} ReplyFailedEvent
 *   `retryAfter` in milliseconds.
 */
/** @typedef {{ type: 'editSubmitted', draft: number, row: number }} EditSubmittedEvent  `draft` is any number of yours. */
/** @typedef {{ type: 'editAcknowledged', draft: number, revision: Revision }} EditAcknowledgedEvent */
/** @typedef {{ type: 'editRefused', draft: number }} EditRefusedEvent  The draft stays with the person. */
/** @typedef {{ type: 'editDiscarded', draft: number }} EditDiscardedEvent */
/** @typedef {{ type: 'runEnded', revision?: Revision | null }} RunEndedEvent */
/** @typedef {{ type: 'refresh' }} RefreshEvent  A person asked to read again. */
/** @typedef {{ type: 'hidden' }} HiddenEvent  Nobody can see the screen. */
/** @typedef {{ type: 'shown' }} ShownEvent */
/** @typedef {{ type: 'timer' }} TimerEvent  The instant of the last `setTimer` has come. */
/**
 * @typedef {OpenEvent | ViewportEvent | HelloEvent | SignalEvent | GapEvent | HeartbeatEvent | HeartbeatLateEvent
 *   | StreamLostEvent | ReplyArrivedEvent | ReplyFailedEvent | EditSubmittedEvent | EditAcknowledgedEvent
 *   | EditRefusedEvent | EditDiscardedEvent | RunEndedEvent | RefreshEvent | HiddenEvent | ShownEvent
 *   | TimerEvent} OrderingEvent
 */

/** @typedef {'load' | 'refresh' | 'view' | 'rest' | 'margin' | 'poll'} Purpose */
/** @typedef {'intentChanged' | 'superseded' | 'older' | 'belowMinimum' | 'unasked' | 'baseMissing'} DropReason */
/** @typedef {'painted' | 'rowGone' | 'intentChanged' | 'discarded' | 'full'} ReleaseReason */
/** @typedef {'connecting' | 'live' | 'silent' | 'reconnecting' | 'polling' | 'offline'} Connection */
/** @typedef {'none' | 'temporary' | 'permanent' | 'behind'} Problem */
/** @typedef {'absent' | 'loading' | 'current' | 'stale' | 'refreshing'} PageCondition */

/** @typedef {{ type: 'reset', generation: number }} ResetEffect  Forget everything held, drawn or asked before. */
/**
 * Read pages `first` to `last`. For the pages in `have` send the tag of what you hold.
 * @typedef {object} SendEffect
 * @property {'send'} type
 * @property {RequestKey} request
 * @property {number} first
 * @property {number} last
 * @property {Revision} minRevision
 * @property {Purpose} purpose
 * @property {number[]} have
 */
/** @typedef {{ type: 'cancel', request: RequestKey }} CancelEffect  Nobody waits for it: abort the fetch. */
/**
 * Hold that page of that reply from now on. What is drawn does not change by this.
 * @typedef {{ type: 'apply', request: RequestKey, page: number }} ApplyEffect
 */
/**
 * Throw that page of that reply away, or all of it when `page` is null.
 * @typedef {{ type: 'drop', request: RequestKey, page: number | null, reason: DropReason }} DropEffect
 */
/**
 * Draw these pages, each from what you hold for it at this moment, in one frame, and no other page. Pages in view that are
 * not named are not loaded: draw them as such.
 * @typedef {{ type: 'paint', revision: Revision, totalRows: number, totalPages: number, pages: number[] }} PaintEffect
 */
/**
 * What is drawn, as it is drawn, equals this later snapshot too: draw nothing, but its revision is this one from now on.
 * @typedef {{ type: 'advance', revision: Revision }} AdvanceEffect
 */
/** @typedef {{ type: 'withdraw', page: number }} WithdrawEffect  Stop drawing it until a paint names it. */
/** @typedef {{ type: 'evict', page: number }} EvictEffect  Stop holding it. */
/** @typedef {{ type: 'releaseDraft', draft: number, reason: ReleaseReason }} ReleaseDraftEffect */
/** @typedef {{ type: 'setTimer', at: number }} SetTimerEffect  Send `timer` at this reading of your clock. */
/** @typedef {{ type: 'cancelTimer' }} CancelTimerEffect */
/**
 * The trust line. `since`: when the connection became so, on your clock. `shown`: the newest snapshot that what is drawn in
 * view is known to equal, 0 while nothing is. `known`: the newest revision heard of.
 * @typedef {object} StatusEffect
 * @property {'status'} type
 * @property {Connection} connection
 * @property {number} since
 * @property {Revision} shown
 * @property {Revision} known
 * @property {Problem} problem
 */
/**
 * The core failed and began anew, knowing nothing: forget everything, then send `open`, the drafts again (submitted, then acknowledged or refused), and `hello` when the stream is open.
 * @typedef {{ type: 'restarted', reason: string }} RestartedEffect
 */
/**
 * @typedef {ResetEffect | SendEffect | CancelEffect | ApplyEffect | DropEffect | PaintEffect | AdvanceEffect | WithdrawEffect | EvictEffect
 *   | ReleaseDraftEffect | SetTimerEffect | CancelTimerEffect | StatusEffect | RestartedEffect} Effect
 */

/**
 * All in milliseconds or pages; what is left out has its default.
 * @typedef {object} Configuration
 * @property {number} [quiet]  A burst of signals is over when none has come for this long. 100
 * @property {number} [maximumWait]  A refresh waits at most this long after its first signal. 250
 * @property {number} [margin]  Pages kept ready on either side of those in view. 1
 * @property {number} [cachedPages]  Pages held at most. 64
 * @property {number} [pagesInView]  Pages in view at most. 8
 * @property {number} [readsInFlight]  3
 * @property {number} [replyTimeout]  15,000
 * @property {number} [poll]  3,000
 * @property {number} [pollAfter]  3,000
 * @property {number} [catchUp]  How long signals may trail a revision known from elsewhere. 1,000
 * @property {number} [retry]  500
 * @property {number} [retryCeiling]  15,000
 * @property {number} [jitterSeed]  Give each client its own.
 */

/** @typedef {Record<DropReason | 'duplicateSignals' | 'holes' | 'reads' | 'paints' | 'ignored', number>} Counters */

export {};
