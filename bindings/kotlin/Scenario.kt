// The generated Kotlin against the real library and a real server, driven by tests/edges/kotlin.sh: one phase a
// process, so that what one acknowledged the next must find on disk. Ends with 0 only where everything held.

import fieldseal.ffi.*
import java.io.File
import java.io.RandomAccessFile
import java.util.concurrent.atomic.AtomicInteger
import kotlin.system.exitProcess

fun check(what: String, holds: Boolean) {
    if (!holds) throw IllegalStateException("does not hold: $what")
    println("  ok: $what")
}

/** Every variant by name: a new one does not compile here until somebody says what an app does about it. */
fun name(error: FieldsealException): String = when (error) {
    is FieldsealException.Offline -> "offline"
    is FieldsealException.NotEnrolled -> "not enrolled"
    is FieldsealException.Revoked -> "revoked"
    is FieldsealException.Invalid -> "invalid " + error.problems.joinToString { it.code }
    is FieldsealException.NotFound -> "not found"
    is FieldsealException.StorageFull -> "storage full"
    is FieldsealException.Newer -> "newer"
    is FieldsealException.WrongKey -> "wrong key"
    is FieldsealException.Damaged -> "damaged"
    is FieldsealException.Closed -> "closed"
    is FieldsealException.Busy -> "busy"
    is FieldsealException.Rejected -> "rejected " + error.code
    is FieldsealException.Unexpected -> "unexpected " + error.code
}

fun fails(wanted: String, call: () -> Any?) {
    try {
        call()
    } catch (error: FieldsealException) {
        for (lang in Lang.entries) {
            val said = errorText(error, lang)
            check("«${name(error)}» says: $said", said.isNotBlank() && !said.startsWith("engine_error") && '{' !in said)
        }
        check("fails with $wanted: ${name(error)}", name(error).startsWith(wanted))
        return
    }
    throw IllegalStateException("went through, should fail with $wanted")
}

fun open(folder: String, file: String = "phone.sqlite") =
    FieldsealEngine.open(OpenRequest(path = "$folder/$file", key = null, zone = null))

fun words(text: String) = FieldContent.Words(text)

fun List<FieldValue>.text(name: String): String? =
    (firstOrNull { it.name == name }?.content as? FieldContent.Words)?.text

/** A signature of two strokes, as a glass would give it. */
fun signature() = PenStrokes(
    width = 10_000.toUShort(), height = 3_400.toUShort(),
    strokes = listOf(1_000, 4_500).mapIndexed { stroke, from ->
        (0..40).map { step ->
            PenPoint(
                x = (from + step * 70).toUShort(),
                y = (1_700 + 900 * Math.sin(step / 4.0 + stroke)).toInt().toUShort(),
                t = (stroke * 900 + step * 16).toUInt(),
                pressure = null,
            )
        }
    },
)

class Ear : NewsListener {
    val heard = mutableListOf<EngineNews>()
    override fun changed(news: EngineNews) { synchronized(heard) { heard += news } }
}

fun enrol(folder: String, url: String, code: String) = open(folder).use { engine ->
    check("a new phone is not enrolled", engine.status().enrolment == null)
    fails("not enrolled") { engine.sync() }
    fails("offline") { engine.enrol("http://127.0.0.1:1", code, "Kotlin") }
    fails("rejected wire.unknown_code") { engine.enrol(url, "AAAA-AAAA-AAAA", "Kotlin") }
    engine.enrol(url, code, "Kotlin")
    val device = engine.status().enrolment!!.device
    engine.enrol(url, code, "Kotlin")
    check("the same code again, as after a cut answer, is the same device", engine.status().enrolment!!.device == device)
    val done = engine.sync()
    check("first sync is complete: $done", done.complete && done.news && done.fault == null)
    val orders = engine.orders()
    check("${orders.size} work orders, one is mine", orders.any { it.mine })
    check("its state has a Chinese text", label(Lang.ZH_CN, "order_state." + orders[0].state).any { it > '\u4e00' })
    check("colleagues have names: ${engine.colleagues().size}", engine.colleagues().values.all { it.isNotBlank() })
    check("two Chinese characters find something", engine.search(orders.first { it.mine }.customer!!.take(2)).isNotEmpty())
    val told = AtomicInteger()
    engine.listen(object : ServerListener { override fun told(newest: ULong) { told.incrementAndGet() } }).use {
        for (wait in 1..100) { if (told.get() > 0) break; Thread.sleep(100) }
    }
    check("the server says what is newest", told.get() > 0)
    engine.shutdown()
    fails("closed") { engine.orders() }
}

fun offline(folder: String, out: String) {
    val engine = open(folder)
    val ear = Ear()
    val observation = engine.observe(ear)
    check("a listener heard the current state before anything happened", ear.heard.size == 1 && ear.heard[0].whole)
    check("with every order", ear.heard[0].orders == engine.orders())
    fails("offline") { engine.sync() }

    // At another customer's, who never called: the ticket begins here, and its visit with it.
    fun ticket(description: String) = TicketForm(
        category = "service", channel = "on_site", description = description, reportedOn = null,
        more = mapOf("environment" to words("Windows 11"), "custom.floor" to FieldContent.Whole(3L)),
        customer = CustomerMet.Fresh(mapOf("name" to words("虹桥车站管理处"))),
        caller = mapOf("name" to words("王小明"), "phone" to FieldContent.Several(listOf("13812345678"))),
        units = listOf(UnitMet.Fresh(mapOf("serial" to words("K-9001"), "product" to words("eseal_key")))),
        orderType = "repair", takes = true,
    )
    fails("invalid step_problem.description_missing") { engine.foundTicket(null, ticket(" ")) }
    fails("invalid step_problem.argument") { engine.foundTicket(null, ticket("x").copy(category = "nonsense")) }
    val founded = engine.foundTicket(null, ticket("no light at all"))
    val found = engine.orders().first { it.id == founded.order }
    check("a ticket founded offline: ${founded.provisional}, ${found.customer}",
        found.number == founded.provisional && found.customer == "虹桥车站管理处" && found.mine && found.state == "accepted")
    check("found again by its number", engine.search(founded.provisional).any { it.name.endsWith(founded.order) })
    engine.step(founded.order, engine.order(founded.order).token, Step.Escalate("系统工程部", "needs the factory's tool"))

    val id = engine.orders().first { it.mine && it.id != founded.order }.id
    fun shown() = engine.order(id)
    fun step(step: Step) = engine.step(id, shown().token, step)
    fails("invalid step_problem.argument") { engine.step(id, "nonsense", Step.Travel) }
    fails("invalid step_problem.argument") { engine.order("nonsense") }
    fails("not found") { engine.order("0193f2c0-0000-7000-8000-000000000001") }
    fails("invalid step_problem.reason_missing") { step(Step.Decline("  ")) }

    val saved = step(Step.Accept(plan = "换机测试"))
    check("saved: ${saved.action}", saved.facts.size == 1)
    check("the listener heard of the order that changed, and only of it",
        ear.heard.last().let { !it.whole && it.orders.size == 1 && it.orders[0].id == id })
    step(Step.Contact(AttemptChannel.PHONE, reached = true, text = "two o'clock"))
    step(Step.Travel)
    step(Step.Arrive)
    check("on site", shown().state == "on_site")
    step(Step.Progress("tried other ports and another computer"))

    val witness = engine.recordPerson(shown().token, mapOf("name" to words("张慧"))).person
    val unit = shown().assets[0]
    val examined = engine.examine(id, shown().token, unit.doc, ExaminedUnit.Eseal(
        works = false, testedElsewhere = true, inspected = true, inspectionPhotos = listOf(), symptoms = listOf(),
        noPhotos = NoPhotos("no cameras in the server room", witness), quantity = 1u,
    ))
    check("decided: ${examined.decided.lineZhCn}", examined.decided.explanation.isNotEmpty())
    check("explained: " + text(Lang.EN, examined.decided.explanation[0]), examined.decided.outcome.startsWith("warranty_outcome."))
    engine.answer(id, shown().token, shown().decisions.last().fact, CustomerAnswer.ACCEPTS)
    step(Step.Consent(ConsentKind.WORK_AND_PRICE, ConsentWay.SPOKEN, null, null, "replacement at the list price"))
    fails("invalid step_problem.quantity") { engine.usePart(id, shown().token, Pieces("KEY-BLANK", 0u, null)) }
    val before = engine.stock().good.first { it.part == "KEY-BLANK" }.qty
    engine.usePart(id, shown().token, Pieces("KEY-BLANK", 1u, null))
    check("one less in the van", engine.stock().good.filter { it.part == "KEY-BLANK" }.sumOf { it.qty } == before - 1)
    check("what rings is known offline: " + engine.reminders().joinToString { text(Lang.EN, TextCode(it.due, mapOf())) },
        engine.reminders().any { it.order == id && it.due == "clock.resolve" && it.ringMs < it.dueMs })
    // The customer's dead key comes along, and goes back to the store.
    fails("invalid step_problem.lines_missing") { engine.moveParts(engine.stock().token, VanMove.Confirm, listOf(), null) }
    engine.moveParts(engine.stock().token, VanMove.Collect(id), listOf(Pieces("KEY-BLANK", 1u, null)), null)
    check("the dead key is among the defective ones", engine.stock().defective.any { it.part == "KEY-BLANK" && it.qty == 1L })
    engine.moveParts(engine.stock().token, VanMove.Return(Bucket.DEFECTIVE), listOf(Pieces("KEY-BLANK", 1u, null)), null)
    check("it is on its way to the store", engine.stock().defective.none { it.part == "KEY-BLANK" })
    // Said before anything is written: a key that is in no van, a scrap that nothing shows, a code that nobody signed.
    fails("invalid step_problem.not_in_van") { engine.swap(id, shown().token, Swap(unit.doc, "KEY-BLANK", "K-NOWHERE", null, null)) }
    fails("invalid step_problem.photo_missing") {
        engine.scrap(engine.stock().token, ScrapForm(Bucket.GOOD, ScrapType.BROKEN, null, null), listOf(Pieces("KEY-BLANK", 1u, null)))
    }
    fails("invalid handover_problem.form") { engine.takeHandover(engine.stock().token, "hello") }
    val left = engine.stock().good.filter { it.part == "KEY-BLANK" }.sumOf { it.qty }
    engine.countVan(engine.stock().token, Bucket.GOOD, listOf(Counted("KEY-BLANK", null, 0u)), "end of the month")
    check("a count is a proposal", engine.stock().good.filter { it.part == "KEY-BLANK" }.sumOf { it.qty } == left)

    engine.saveDraft("report/$id", "halb".toByteArray())
    check("a draft is kept", String(engine.draft("report/$id")!!) == "halb")
    engine.saveReport(id, shown().token, mapOf(
        "fault_found" to words("no answer from the chip"), "action_taken" to words("key replaced, seal tested"),
        "opinion_kind" to words("satisfied"), "signer_name" to words("张慧"), "signer_role" to words("office manager"),
    ))
    check("the saved form ended its draft", engine.draft("report/$id") == null)
    val stale = shown().token
    step(Step.Done(Outcome.SOLVED, null))
    check("only the signature is missing: " + engine.missingForSeal(id).joinToString { text(Lang.EN, it) },
        engine.missingForSeal(id).size == 1)
    fails("invalid") { engine.seal(id, shown().token, SealForm(Lang.ZH_CN, ClosingForm.Signed(PenStrokes(1.toUShort(), 1.toUShort(), listOf())))) }
    engine.keepSignature(id, signature())
    check("the glass keeps the signature", engine.keptSignature(id) == signature())
    val sealed = engine.seal(id, shown().token, SealForm(Lang.ZH_CN, ClosingForm.Signed(engine.keptSignature(id)!!)))
    check("sealed r${sealed.revision}, ${sealed.bytes.size} bytes", sealed.revision == 1u && sealed.sha256.length == 64)
    check("the seal ended the signature's draft", engine.keptSignature(id) == null)
    check("the file is kept", engine.sealedFile(id, 1u).contentEquals(sealed.bytes))
    fails("invalid step_problem.sealed") { engine.saveReport(id, stale, mapOf("fault_found" to words("something else"))) }
    engine.submit(id, shown().token, null)
    step(Step.Leave)
    val status = engine.status()
    check("${status.unsent} changes wait", status.unsent > 10u && status.refused == 0u)
    val row = engine.orders().first { it.id == id }
    check("${row.unsent} of them of this order", row.unsent > 10u)
    File(out).writeBytes(sealed.bytes)
    File("$out.order").writeText(id)

    val heard = ear.heard.size
    observation.cancel()
    engine.saveReport(id, engine.openCorrection(id, shown().token, "a wrong word").let { shown().token },
        mapOf("action_taken" to words("key replaced, seal and driver tested")))
    check("a correction is open beside the seal", shown().visits[0].unsigned > 0u)
    check("a cancelled listener hears nothing", ear.heard.size == heard)
    // No shutdown: what was acknowledged is on disk, and the next phase must find it.
    Runtime.getRuntime().halt(0)
}

fun sync(folder: String) = open(folder).use { engine ->
    check("nothing was lost with the process", engine.status().unsent > 10u)
    val ear = Ear()
    engine.observe(ear).use {
        val done = engine.sync()
        check("synced: $done", done.complete && done.fault == null)
        check("the listener heard of it", ear.heard.last().status.unsent == 0u)
    }
    check("nothing waits", engine.status().let { it.unsent == 0u && it.refused == 0u && it.parked == 0u })
    check("nothing new the second time", engine.sync().let { it.complete && !it.news && it.requests == 1u })
}

fun resident(): Long = File("/proc/self/status").readLines()
    .first { it.startsWith("VmRSS") }.filter { it.isDigit() }.toLong()

fun listeners(folder: String) = open(folder).use { engine ->
    val calls = AtomicInteger()
    class Count : NewsListener { override fun changed(news: EngineNews) { calls.incrementAndGet() } }
    fun round(times: Int): Long {
        repeat(times) { engine.observe(Count()).use { observation -> observation.cancel() } }
        System.gc()
        return resident()
    }
    // The heap has a fixed size and is touched at the start: what grows is native.
    val warm = round(4_000)
    val after = round(6_000)
    check("10,000 callbacks: ${calls.get()}", calls.get() == 10_000)
    check("the last 6,000 cost ${after - warm} kB", after - warm < 16_000)
    check("no listener is left in the table", FfiConverterTypeNewsListener.handleMap.size == 0)

    class Nested : NewsListener {
        var rows = 0
        override fun changed(news: EngineNews) { rows = engine.orders().size }
    }
    val nested = Nested()
    engine.observe(nested).use { }
    check("a listener may call the engine", nested.rows > 0)
    class Broken : NewsListener { override fun changed(news: EngineNews) { throw IllegalArgumentException("a screen broke") } }
    engine.observe(Broken()).use {
        val id = engine.orders().first { it.mine }.id
        val saved = engine.step(id, engine.order(id).token, Step.Progress("a listener threw"))
        check("a listener that throws breaks no save: ${saved.action}", saved.facts.size == 1)
    }
}

fun errors(folder: String) {
    fails("unexpected") { FieldsealEngine.open(OpenRequest("$folder/no/such/folder/x.sqlite", null, null)) }
    fails("invalid step_problem.argument") { FieldsealEngine.open(OpenRequest("$folder/e.sqlite", null, "Mars/Base")) }
    fails("wrong key") { FieldsealEngine.open(OpenRequest("$folder/e.sqlite", ByteArray(31), null)) }
    fails("wrong key") { FieldsealEngine.open(OpenRequest("$folder/e.sqlite", ByteArray(32), null)) }
    val engine = open(folder, "e.sqlite")
    fails("not enrolled") { engine.stock() }
    engine.pause()
    engine.pause()
    fails("closed") { engine.orders() }
    engine.resume()
    check("works again after resume", engine.orders().isEmpty())
    engine.shutdown()
    engine.shutdown()
    fails("closed") { engine.resume() }
    engine.close()
    check("used after close: " + runCatching { engine.orders() }.exceptionOrNull(),
        runCatching { engine.orders() }.exceptionOrNull() is IllegalStateException)
    // The schema's version stands at byte 60 of SQLite's header.
    RandomAccessFile("$folder/e.sqlite", "rw").use { it.seek(60); it.writeInt(9_999) }
    fails("newer") { open(folder, "e.sqlite") }
    File("$folder/d.sqlite").writeBytes(ByteArray(20_000) { 7 })
    open(folder, "d.sqlite").use { check("a damaged file is set aside: ${it.status().salvaged}", it.status().salvaged != null) }
}

fun revoked(folder: String, url: String, code: String) = open(folder).use { engine ->
    val unsent = engine.status().unsent
    check("something waits", unsent > 0u)
    fails("revoked") { engine.sync() }
    check("its work stays", engine.status().let { it.unsent == unsent && it.enrolment!!.revoked })
    engine.enrol(url, code, "Kotlin again")
    check("a new code makes it a new device, and its work goes out", engine.sync().complete && engine.status().unsent == 0u)
}

fun main(arguments: Array<String>) {
    try {
        println(arguments[0])
        when (arguments[0]) {
            "enrol" -> enrol(arguments[1], arguments[2], arguments[3])
            "offline" -> offline(arguments[1], arguments[2])
            "sync" -> sync(arguments[1])
            "listeners" -> listeners(arguments[1])
            "errors" -> errors(arguments[1])
            "revoked" -> revoked(arguments[1], arguments[2], arguments[3])
            else -> throw IllegalArgumentException(arguments[0])
        }
    } catch (error: Throwable) {
        error.printStackTrace()
        exitProcess(1)
    }
}
