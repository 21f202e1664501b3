"""Who may see a record of my log, as one SQL expression. Every page, reunion and receipt asks here and nowhere else.

Rule 1: what was offered to somebody stays theirs to follow: edits, and the tombstone.
Rule 2: what was deleted goes to those it was offered to, and nobody else learns that it was ever there.
Rule 3: what came back in a reunion is for those who hold it, whatever its class says (R9).
Rule 4: every part says `correlate_except` of its own table. Left alone, a part two levels deep would join the outer query's
people anew, and ask about anybody instead of this one.
"""

from sqlalchemy import ColumnElement, FromClause, and_, or_, select

from microsocial.records.store import offered, readers, records

FOR_FRIENDS = ("public", "friends")
FOR_NAMED = ("circle", "chosen")
ONE_VALUED = ("profile", "address", "capsule")
FOR_EVERY_FRIEND = (*ONE_VALUED, "disown")  # whenever the friendship began
FOLLOWING = (
    "clear",
    "removal",
)  # they follow what was offered earlier, so `sees_from` does not bound them

Person = str | ColumnElement[str]
Since = int | ColumnElement[int]


def may_see(
    record: FromClause, person: Person, sees_from: Since, me: Person
) -> ColumnElement[bool]:
    """Say whether `person`, a friend who sees from the tick `sees_from` on, may see this record of my log."""
    is_told = or_(
        _is_reader(record, person, by_name=True), is_meant_for(record, person, sees_from, me)
    )
    return and_(
        record.c.author != person,
        or_(_is_offered(record, person), and_(record.c.withdrawn == 0, is_told)),
    )


def is_meant_for(
    record: FromClause, person: Person, sees_from: Since, me: Person
) -> ColumnElement[bool]:
    """Say whether the record's class, its thread or its readers name `person`, deleted since or not."""
    column = record.c
    of_mine = and_(
        column.author == me,
        or_(
            column.kind.in_(FOR_EVERY_FRIEND),
            and_(column.kind.in_(FOLLOWING), _is_reader(record, person)),
            and_(
                column.thread.is_(None),
                column.kind.not_in(FOLLOWING),
                _class_is_for(record, person, sees_from),
            ),
            and_(column.thread_author == person, column.created >= sees_from),
        ),
    )
    post = records.alias("post_of_thread")
    in_my_thread = and_(
        column.thread_author == me,
        column.shown == 1,
        select(post.c.no)
        .where(
            post.c.ref == column.thread,
            post.c.withdrawn == 0,
            _post_is_for(post, person, sees_from),
        )
        .correlate_except(post)
        .exists(),
    )
    return and_(column.taken_back == 0, or_(of_mine, in_my_thread))


def _post_is_for(post: FromClause, person: Person, sees_from: Since) -> ColumnElement[bool]:
    return or_(
        _is_offered(post, person),
        _is_reader(post, person, by_name=True),
        and_(post.c.taken_back == 0, _class_is_for(post, person, sees_from)),
    )


def _class_is_for(record: FromClause, person: Person, sees_from: Since) -> ColumnElement[bool]:
    return and_(
        record.c.created >= sees_from,
        or_(
            record.c.audience.in_(FOR_FRIENDS),
            and_(record.c.audience.in_(FOR_NAMED), _is_reader(record, person)),
        ),
    )


def _is_offered(record: FromClause, person: Person) -> ColumnElement[bool]:
    return (
        select(offered.c.record)
        .where(offered.c.person == person, offered.c.record == record.c.no)
        .correlate_except(offered)
        .exists()
    )


def _is_reader(record: FromClause, person: Person, *, by_name: bool = False) -> ColumnElement[bool]:
    found = select(readers.c.record).where(
        readers.c.person == person, readers.c.record == record.c.no
    )
    named = found.where(readers.c.granted == 1) if by_name else found
    return named.correlate_except(readers).exists()
