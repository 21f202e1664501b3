"""What the list of conversations costs."""

from microsocial.database import in_memory
from microsocial.messages import store


def test_the_list_of_conversations_reads_no_message_but_the_last_of_each() -> None:
    db = in_memory()
    query = store.LAST_OF_EACH.compile(compile_kwargs={"literal_binds": True})
    plan = db.read_sync(lambda conn: conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all())
    steps = [row[-1] for row in plan]
    scans = [step for step in steps if step.startswith("SCAN messages")]
    assert all("COVERING INDEX" in step for step in scans), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps
    db.close()
