-- Runs inside Ardour: makes a session, plays the plugin in it and records the plugin's MIDI, one take a
-- track. Ahead of this text stands a table `plan` that `takes.rs` wrote: folder, rate, frames, tempo, the
-- loop and the takes, in quarter notes throughout. Lines that begin with "rig:" are read by `ardour.rs`.

local NAME = "beatfield"
local UI = ARDOUR.TransportRequestSource.TRS_UI

local function fail(why)
	print("rig: failed: " .. why)
	os.exit(1)
end

local function at(beats)
	return Temporal.timepos_t.from_ticks(math.floor(beats * Temporal.ticks_per_beat + 0.5))
end

local function pause(seconds)
	ARDOUR.LuaAPI.usleep(math.floor(seconds * 1000000))
end

-- The dummy backend keeps time with the clock, as a sound card does.
local function start_engine()
	local backend = AudioEngine:set_backend("None (Dummy)", "", "")
	backend:set_driver("Normal Speed")
	backend:set_device_name("Silence")
	backend:set_sample_rate(plan.rate)
	backend:set_buffer_size(plan.frames)
end

local function set_tempo()
	local map = Temporal.TempoMap.fetch_writable()
	map:set_tempo(Temporal.Tempo(plan.tempo, plan.tempo, 4), Temporal.timepos_t(0))
	Temporal.TempoMap.update(map)
end

-- A time signature holds from its place to the next; those of a take before stay where this one has none.
local function set_meters(meters)
	local map = Temporal.TempoMap.fetch_writable()
	for _, meter in ipairs(meters) do
		map:set_meter(Temporal.Meter(meter[2], meter[3]), at(meter[1]))
	end
	Temporal.TempoMap.update(map)
end

local function new_track(session, name, plugin, channels)
	local one_midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
	local made = session:new_midi_track(one_midi, channels, false, plugin, nil, nil, 1, name,
		ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, false, false)
	for track in made:iter() do return track end
	fail("Ardour made no track " .. name)
end

local function midi_output(track)
	for i = 0, 15 do
		local port = track:output():nth(i)
		if port:isnil() then break end
		if port:name():find("midi_out", 1, true) then return port end
	end
	fail("the plugin's track has no MIDI output")
end

-- The track with the plugin, and a track for each take that listens to its MIDI.
local function fill(session)
	local plugin = ARDOUR.LuaAPI.new_plugin_info("Beatfield", ARDOUR.PluginType.VST3)
	if plugin:isnil() then fail("Ardour does not know the plugin; it did not scan it") end
	local stereo = ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2)
	local player = new_track(session, "player", plugin, stereo)
	local one_midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
	for _, take in ipairs(plan.takes) do
		local track = new_track(session, take.name, ARDOUR.PluginInfo(), one_midi)
		midi_output(player):connect(track:input():nth(0):name())
	end
end

-- Lua can make a range but not a loop, so the saved session is told that its only range is one.
local function make_range_the_loop(path)
	local file = assert(io.open(path, "r"))
	local text = file:read("a")
	file:close()
	local changed, count = text:gsub('(<Location [^>]*flags=")IsRangeMarker"', '%1IsAutoLoop,IsHidden"')
	if count ~= 1 then fail("the saved session holds " .. count .. " ranges instead of one") end
	file = assert(io.open(path, "w"))
	file:write(changed)
	file:close()
end

local function open_session()
	local session = create_session(plan.folder, NAME, plan.rate)
	if not session then fail("Ardour made no session") end
	set_tempo()
	session:locations():add_range(at(plan.loop[1]), at(plan.loop[2]))
	fill(session)
	session:save_state("")
	session = nil
	close_session()
	make_range_the_loop(plan.folder .. "/" .. NAME .. ".ardour")
	return load_session(plan.folder, NAME)
end

-- The plugin's parameter of this name: a function that sets it, its automation list and its control.
local function parameter(session, name)
	local processor = session:route_by_name("player"):nth_plugin(0)
	local insert = processor:to_insert()
	local plugin = insert:plugin(0)
	local control = -1
	for i = 0, plugin:parameter_count() - 1 do
		if plugin:parameter_is_control(i) then
			control = control + 1
			if plugin:parameter_label(i) == name then
				local set = function(value) ARDOUR.LuaAPI.set_plugin_insert_param(insert, i, value) end
				local which = Evoral.Parameter(ARDOUR.AutomationType.PluginAutomation, 0, i)
				local list = ARDOUR.LuaAPI.plugin_automation(processor, control)
				return set, list, insert:to_automatable():automation_control(which, true)
			end
		end
	end
	fail("the plugin has no parameter " .. name)
end

-- Rolls from where the take begins, and calls `moment(beats)` with the quarter notes since then until it
-- says that the take is over. Passes of a loop add up.
local function roll(session, take, moment)
	local a_beat = plan.rate * 60 / plan.tempo
	local loop_length = (plan.loop[2] - plan.loop[1]) * a_beat
	local origin = take.looped and plan.loop[1] * a_beat or 0
	session:maybe_enable_record(true)
	if take.looped then session:request_play_loop(true, false) else session:request_roll(UI) end
	local last, passes = 0, 0
	repeat
		pause(0.01)
		local now = session:transport_sample()
		if take.looped and last - now > loop_length / 2 then passes = passes + 1 end
		last = now
	until moment((now - origin + passes * loop_length) / a_beat)
	session:request_stop(false, false, UI)
	while session:transport_rolling() do pause(0.01) end
end

local function record(session, take, set_x, x_list, x_control)
	session:request_play_loop(false, true)
	session:request_locate(0, false, ARDOUR.LocateTransportDisposition.MustStop, UI)
	set_meters(take.meters)
	x_control:set_automation_state(ARDOUR.AutoState.Off)
	x_list:clear_list()
	set_x(take.x)
	for _, point in ipairs(take.lane) do x_list:add(at(point[1]), point[2], false, false) end
	if #take.lane > 0 then x_control:set_automation_state(ARDOUR.AutoState.Play) end
	local arm = session:route_by_name(take.name):to_track():rec_enable_control()
	arm:set_value(1, PBD.GroupControlDisposition.NoGroup)
	-- Time for the locate, and for the plugin to decode what X says now.
	pause(1.5)
	local move_x = take.move_x
	roll(session, take, function(beats)
		if move_x and beats >= move_x[1] then
			set_x(move_x[2])
			move_x = nil
		end
		return beats >= take.beats
	end)
	pause(1)
	arm:set_value(0, PBD.GroupControlDisposition.NoGroup)
	print("rig: recorded " .. take.name)
end

start_engine()
local session = open_session()
for _, setting in ipairs(plan.settings) do
	local set = parameter(session, setting[1])
	set(setting[2])
end
local set_x, x_list, x_control = parameter(session, "X")
for _, take in ipairs(plan.takes) do record(session, take, set_x, x_list, x_control) end
print("rig: xruns " .. session:get_xrun_count())
-- Only a saved session holds files with right times: what is written while recording is a draft.
session:save_state("")
set_x, x_list, x_control, session = nil, nil, nil, nil
close_session()
print("rig: done")
quit()
