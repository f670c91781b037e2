"""Which system library a function belongs to, for libraries that reserve a prefix of their own.

Source: the public headers of each library, as of November 2026.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import cache, re

#: Library, as ``-l`` takes it → the names of its functions, as a pattern.
OWNERS = (
    ("stdc++fs", r"std::(?:experimental::)?filesystem::.*"),  # apart in GCC 8 and older
    ("boost_system", r"boost::system::(?:detail::)?(?:generic|system)_category.*"),
    ("boost_filesystem", r"boost::filesystem::.*"),
    ("boost_program_options", r"boost::program_options::.*"),
    ("boost_thread", r"boost::(?:thread|this_thread|detail::thread|detail::(?:get|set)_tss)\b.*"),
    ("boost_regex", r"boost::(?:re_detail(?:_\d+)?|basic_regex|cpp_regex)\b.*"),
    ("boost_iostreams", r"boost::iostreams::.*"),
    ("boost_serialization", r"boost::(?:archive|serialization)::.*"),
    ("boost_python", r"boost::python::.*"),
    ("protobuf", r"google::protobuf::.*"),
    ("gtest", r"testing::(?:internal::|Init|Test\b|UnitTest).*"),
    ("yaml-cpp", r"YAML::.*"),
    ("jsoncpp", r"Json::(?:Value|Reader|FastWriter|StyledWriter|CharReaderBuilder|StreamWriterBuilder).*"),
    ("fmt", r"fmt::v\d+::.*"),
    ("spdlog", r"spdlog::.*"),
    ("glog", r"google::(?:LogMessage\w*|InitGoogleLogging|base::).*"),
    ("gflags", r"(?:gflags|google)::(?:FlagRegisterer|ParseCommandLine\w*|SetUsageMessage).*"),
    ("tbb", r"tbb::.*"),
    ("snappy", r"snappy::.*"),
    ("leveldb", r"leveldb::.*"),
    ("re2", r"re2::.*"),
    ("opencv_core", r"cv::(?:Mat|_InputArray|_OutputArray|String|error|fastFree|noArray|format)\b.*"),
    ("opencv_imgcodecs", r"cv::im(?:read|write|decode|encode)\(.*"),
    ("opencv_highgui", r"cv::(?:imshow|namedWindow|waitKey|destroy\w+)\(.*"),
    ("opencv_imgproc", r"cv::(?:cvtColor|resize|threshold|GaussianBlur|rectangle|line|circle|putText)\(.*"),
    (
        "stdc++",
        r"std::(?:cout|cerr|terminate|basic_ostream|ios_base)\b.*|__gxx_personality_v0"
        r"|__cxa_(?:begin_catch|throw|pure_virtual)|operator (?:new|delete)(?:\[\])?\(.*|vtable for __cxxabiv1::.*",
    ),
    ("asound", r"snd_(?:pcm|mixer|ctl|seq|card|rawmidi|hctl|timer|device|config)_\w+|snd_strerror"),
    ("sqlite3", r"sqlite3_[a-z]\w*"),
    ("curl", r"curl_(?:easy|multi|global|slist|share|mime|url)_\w+"),
    ("git2", r"git_(?:libgit2|repository|remote|reference|commit|tree|oid|odb)_\w+"),
    ("usb-1.0", r"libusb_\w+"),
    ("udev", r"udev_(?:new|ref|unref|device|enumerate|monitor|list)\w*"),
    ("dbus-1", r"dbus_(?:bus|connection|message|error)_\w+"),
    ("zmq", r"zmq_(?:ctx|msg|socket|connect|bind|send|recv|close|errno|poll)\w*"),
    ("rdkafka", r"rd_kafka_\w+"),
    ("jack", r"jack_(?:client|port|activate|deactivate|set|get|connect)\w*"),
    ("gstreamer-1.0", r"gst_(?:init|element|object|bin|pipeline|bus|caps|pad|message|buffer)\w*"),
    ("pq", r"PQ(?:connect|exec|getvalue|ntuples|status|finish|clear|errorMessage|resultStatus)\w*"),
    ("zstd", r"ZSTD_(?:compress|decompress|create|free|getErrorName|isError)\w*"),
    ("lzma", r"lzma_(?:code|end|easy_\w+|stream_\w+|auto_decoder)"),
    ("bz2", r"BZ2_bz\w+"),
    (
        "z",
        r"(?:in|de)flate(?:Init2?_|End|Reset|Bound|Copy|Sync|SetDictionary)?|zlibVersion|uncompress2?|compress(?:2|Bound)"
        r"|gz(?:d?open|read|write|close|puts|gets|printf|eof|seek|tell)",
    ),
    ("X11", r"X(?:OpenDisplay|CloseDisplay|Flush|Sync|CreateWindow|MapWindow|InternAtom|DefaultScreen)"),
    ("xcb-errors", r"xcb_errors_\w+"),
    ("xkbcommon", r"xkb_(?:context|keymap|state|keysym)_\w+"),
    ("wayland-client", r"wl_(?:proxy_\w+|display_(?:connect|disconnect|dispatch|roundtrip)\w*)"),
    ("archive", r"archive_(?:read|write|entry)_\w+"),
    ("xml2", r"xml(?:Read|FreeDoc|ParseFile|NewDoc|DocGet|CleanupParser)\w*"),
    ("freetype", r"FT_(?:Init_FreeType|Done_\w+|New_\w+|Load_\w+|Set_\w+)"),
    ("fontconfig", r"Fc(?:Init\w*|Pattern\w+|Config\w+|Font\w+)"),
    ("systemd", r"sd_(?:journal|bus|notify|event)\w*"),
    ("cairo", r"cairo_(?:create|destroy|surface|set|image|paint|fill|stroke)\w*"),
    ("harfbuzz", r"hb_(?:buffer|font|face|blob|shape)\w*"),
    ("opus", r"opus_(?:encode|decode|encoder|decoder)\w*"),
    ("FLAC", r"FLAC__\w+"),
    ("sndfile", r"sf_(?:open|close|read|write|strerror|seek)\w*"),
    ("portaudio", r"Pa_(?:Initialize|Terminate|OpenStream|StartStream|StopStream|GetErrorText|GetDevice\w+)"),
    ("pcap", r"pcap_(?:open|close|next|loop|compile|setfilter|geterr|findalldevs)\w*"),
    ("seccomp", r"seccomp_(?:init|load|rule|release)\w*"),
    ("gsl", r"gsl_[a-z]\w+"),
    ("hidapi-hidraw", r"hid_(?:init|exit|open|close|enumerate|read|write|free_enumeration)\w*"),
    (
        "ssl",  # not NSS's SSL_ImportFD and others, which have capitals
        r"SSL_(?:CTX|SESSION|CIPHER|COMP)_\w+|SSL_[a-z]\w+|OPENSSL_init_ssl"
        r"|(?:SSL|TLS|DTLS)(?:v\d+(?:_\d)?)?_(?:client_|server_)?method",
    ),
    (
        "crypto",
        r"(?:EVP|X509|X509V3|PKCS7|PKCS12|OPENSSL|OpenSSL|OSSL|OCSP|ASN1|d2i|i2d|ECDSA|EC_KEY|EC_GROUP|EC_POINT)_\w+"
        r"|CRYPTO_(?:malloc|free|num_locks|[sg]et_\w+|memcmp|THREADID_\w+|cleanup_all_ex_data)|PEM_(?:read|write)_\w+"
        r"|BIO_(?:new\w*|free\w*|read|write|puts|gets|printf|ctrl|push|pop|[sf]_\w+|[sg]et_\w+|meth_\w+)"
        r"|ERR_(?:get_error\w*|error_string\w*|print_errors\w*|clear_error|peek_\w+|load_\w+_strings|free_strings"
        r"|reason_error_string|lib_error_string|func_error_string)"
        r"|BN_(?:new|free|clear_free|bn2\w+|\w{3}2bn|CTX_\w+|num_bits|[sg]et_word|mod_\w+|cmp|dup)"
        r"|(?:RSA|DSA|DH)_(?:new|free|generate_\w+|(?:public|private)_\w+|sign|verify|size|[sg]et0_\w+|compute_key)"
        r"|RAND_(?:bytes|seed|status|add|poll|pseudo_bytes)|(?:SHA\d+|MD5)_(?:Init|Update|Final)|HMAC"
        r"|(?:HMAC|CMAC)_(?:Init\w*|Update|Final|CTX_\w+)|AES_(?:set_(?:en|de)crypt_key|(?:cbc|ecb|cfb128)_encrypt)"
        r"|ENGINE_(?:by_id|init|free|ctrl\w*|load_\w+|register_\w+|set_default\w*|cleanup|finish)"
        r"|OBJ_(?:nid2\w+|txt2\w+|sn2nid|obj2\w+)|FIPS_mode(?:_set)?|ECDH_compute_key",
    ),
    ("ffi", r"ffi_(?:call|prep_\w+|closure_\w+|type_\w+|get_struct_offsets|raw_call)"),
    ("expat", r"XML_(?:Parser\w+|Parse\w*|Set\w+|Get\w+|ErrorString|StopParser|ExpatVersion\w*)"),
    ("readline", r"rl_[a-z][a-z_]{2,40}|add_history|readline"),
    ("intl", r"libintl_\w+"),
    ("ncurses", r"initscr|endwin|newterm|wrefresh|wmove|waddn?str|wprintw|wgetch|stdscr|curs_set|cbreak|start_color"),
    ("GL", r"gl(?:Clear|Begin|End|Enable|Disable|GetString|Viewport|GenTextures|Vertex|Color|X[A-Z])\w*"),
    ("glfw", r"glfw[A-Z]\w+"),
    ("GLEW", r"(?:__)?glew[A-Z]\w+"),
    ("vulkan", r"vk(?:Create|Destroy|Enumerate|Get|Queue|Allocate|Cmd)[A-Z]\w+"),
    ("SDL2", r"SDL_(?:Init|Quit|CreateWindow|CreateRenderer|PollEvent|GetError|OpenAudio\w*|RWFromFile)"),
    ("png", r"png_(?:create|destroy|read|write|set|get|error|init)_\w+|png_(?:error|malloc|free|sig_cmp)"),
    ("jpeg", r"jpeg_(?:std_error|CreateDecompress|CreateCompress|(?:read|write|start|finish)_\w+|destroy\w*)"),
    ("tiff", r"TIFF(?:Open|Close|ReadScanline|Get|Set|Client|Read|Write|Strip|Tile|Error|Warning)\w*"),
    ("lz4", r"LZ4F?_(?:compress|decompress|create|free|version|compressBound)\w*"),
    ("uuid", r"uuid_(?:generate|unparse|parse|clear|compare|is_null|copy)\w*"),
    ("cblas", r"cblas_[sdcz]\w+"),
    ("blas", r"[sdcz](?:gemm|gemv|axpy|dot|scal|copy|nrm2|trsm|syrk|ger)_"),
    ("lapack", r"[sdcz](?:getrf|getrs|getri|gesv|gesdd|gesvd|potrf|potrs|syev|geev|gels|heev|geqrf)[dr]?_"),
    ("gfortran", r"_gfortrani?_\w+"),
    ("quadmath", r"quadmath_snprintf|strtoflt128|(?:sqrt|exp|log|pow|sin|cos|fabs|floor)q"),
    ("omp", r"__kmpc_\w+"),
    ("gomp", r"GOMP_\w+|omp_(?:get|set|init|destroy|in)_\w+"),
    ("gcov", r"__gcov_\w+|gcov_\w+"),
    ("mysqlclient", r"mysql_(?:init|real_connect|query|close|error|store_result|fetch_row|options)\w*"),
    ("gnutls", r"gnutls_[a-z]\w+"),
    ("gcrypt", r"gcry_[a-z]\w+"),
    ("ssh2", r"libssh2_\w+"),
    ("sodium", r"sodium_\w+|crypto_(?:secretbox|box|sign|generichash|pwhash|aead)_\w+"),
    ("ldap", r"ldap_(?:init|bind|search|unbind|simple|result|first|get|set|err2string|initialize)\w*"),
    ("event", r"event_base_\w+|event_(?:assign|dispatch|config_new)|(?:evbuffer|bufferevent|evhttp|evutil)_\w+"),
    ("uv", r"uv_(?:loop|run|tcp|udp|timer|async|read|write|fs|close|default|strerror|poll|process)_?\w*"),
    ("gmp", r"__gmp[nzqf]?_\w+"),
    ("mpfr", r"mpfr_[a-z]\w+"),
    ("fftw3", r"fftw_(?:plan|execute|destroy|malloc|free|init)\w*"),
    ("gobject-2.0", r"g_(?:object|signal|type|value|param_spec|closure)_\w+"),
    ("gio-2.0", r"g_(?:dbus|file|input_stream|output_stream|settings|application|cancellable|socket)_\w+"),
    (
        "glib-2.0",
        r"g_(?:malloc0?|free|print|printerr|strdup\w*|list|slist|hash|string|error|log|main|thread|mutex)(?:_\w+)?",
    ),
    ("gtk-3", r"gtk_[a-z]\w+"),
    ("avcodec", r"avcodec_\w+|av_packet_\w+"),
    ("avformat", r"avformat_\w+|av_(?:read_frame|seek_frame|write_frame|find_best_stream)"),
    ("avutil", r"av_(?:frame|malloc|free|freep|dict|opt|log|buffer|rescale|strerror)\w*"),
    ("swscale", r"sws_\w+"),
    ("pulse", r"pa_(?:context|stream|mainloop|threaded_mainloop|operation|proplist|strerror)\w*"),
    ("numa", r"numa_\w+"),
    ("yaml", r"yaml_(?:parser|emitter|document|event|token)_\w+"),
    ("json-c", r"json_(?:object|tokener)_\w+"),
    ("jansson", r"json_(?:loads|loadf|dumps|dump_file|decref|string_value|integer_value)"),
    ("pthread", r"pthread_[a-z]\w+|sem_(?:init|wait|post|destroy|open|close|timedwait|trywait|getvalue|unlink)"),
    ("dl", r"dl(?:open|sym|close|error|addr|vsym|mopen|iterate_phdr|info)"),
    (
        "rt",
        r"clock_(?:gettime|getres|settime|nanosleep)|shm_(?:open|unlink)|timer_(?:create|settime|delete)"
        r"|mq_(?:open|close|send|receive|unlink|[gs]etattr|notify|timed\w+)|aio_(?:read|write|error|return|suspend|cancel)",
    ),
    (
        "m",
        r"(?:a?(?:sin|cos|tan)h?|atan2|exp2?|expm1|log(?:10|2|1p|b)?|pow|sqrt|cbrt|ceil|floor|round|trunc|l?l?r(?:int|ound)"
        r"|fmod|hypot|[lt]gamma|erfc?|ldexp|frexp|fmin|fmax|nearbyint|remainder|copysign|sincos|nan)[fl]?",
    ),
)


@cache
def _names() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((lib, re.compile(rf"(?:{pattern})$")) for lib, pattern in OWNERS)


#: Functions that one release of OpenSSL brought, and others that it removed or made a macro of: its CHANGES and its
#: migration guide, as of November 2026. A program that was compiled with headers of another release asks for them.
_OPENSSL = (
    (
        "1.1.0 and later",
        r"EVP_MD_CTX_(?:new|free|reset)|EVP_CIPHER_CTX_reset|HMAC_CTX_(?:new|free|reset)|OPENSSL_init_(?:ssl|crypto)"
        r"|OPENSSL_sk_\w+|TLS_(?:client_|server_)?method|OpenSSL_version(?:_num)?|X509_up_ref|SSL_CTX_up_ref"
        r"|(?:RSA|DSA|DH|ECDSA_SIG|DSA_SIG)_(?:get0|set0)_\w+|ASN1_STRING_get0_data|BIO_meth_\w+"
        r"|BIO_(?:get|set)_(?:data|init|shutdown)|EVP_PKEY_get0_(?:RSA|DSA|DH|EC_KEY)",
    ),
    (
        "before 1.1.0",
        r"EVP_MD_CTX_(?:create|destroy|init|cleanup)|EVP_CIPHER_CTX_(?:init|cleanup)|HMAC_CTX_(?:init|cleanup)"
        r"|SSL_library_init|SSL_load_error_strings|ERR_(?:load_crypto_strings|free_strings)"
        r"|OPENSSL_add_all_algorithms_\w+|OpenSSL_add_all_(?:algorithms|ciphers|digests)|EVP_cleanup"
        r"|CRYPTO_(?:num_locks|(?:set|get)_(?:locking|id)_callback|THREADID_\w+|cleanup_all_ex_data|lock)"
        r"|sk_(?:num|value|new_null|push|pop|pop_free|free)|SSLv23_(?:client_|server_)?method|SSLeay(?:_version)?",
    ),
    (
        "3.0 and later",
        r"OSSL_(?:PARAM|PROVIDER|LIB_CTX|DECODER|ENCODER)_\w+|EVP_(?:MD|CIPHER|MAC|KDF|RAND)_(?:fetch|up_ref)"
        r"|EVP_(?:MD|CIPHER|CIPHER_CTX|PKEY)_get_(?:size|block_size|key_length|iv_length|nid|id|base_id|bits|type)"
        r"|EVP_MAC_\w+|EVP_PKEY_(?:eq|Q_keygen|fromdata\w*|todata)|SSL_get[01]_peer_certificate|ERR_get_error_all",
    ),
    (
        "before 3.0",
        r"EVP_MD_(?:size|block_size|type|pkey_type|flags)|EVP_CIPHER_(?:nid|block_size|key_length|iv_length|flags)"
        r"|EVP_CIPHER_CTX_(?:block_size|key_length|iv_length|nid)|EVP_PKEY_(?:id|base_id|bits|size|security_bits)"
        r"|SSL_get_peer_certificate|FIPS_mode(?:_set)?|ERR_func_error_string",
    ),
)


def release(symbol: str) -> str:
    """Return the releases of OpenSSL that have the function *symbol*, such as ``1.1.0 and later``; empty for all."""
    return next((words for words, pattern in _OPENSSL if re.fullmatch(pattern, symbol)), "")


def owner(symbol: str) -> str:
    """Return the library, as ``-l`` takes it, whose function *symbol* is; empty if unknown."""
    if re.match(r"sk_|SSLeay", symbol) and release(symbol):
        return "crypto"
    return next((lib for lib, name in _names() if name.match(symbol)), "")


#: Library of the Windows SDK → its functions, as learn.microsoft.com names them ("Requirements: Library"), 2026-11.
_WINDOWS = (
    (
        "kernel32",
        r"CreateThread|QueryPerformance\w+|GetSystemTime(?:Precise)?AsFileTime|CreateNamedPipe[AW]|CloseHandle|HeapAlloc"
        r"|GetProcAddress|(?:Get|Set)LastError|CreateFile[AW]|GetModuleHandle\w+|ExitProcess|GetStdHandle|WriteFile",
    ),
    (
        "ws2_32",
        r"WSA[A-Z]\w+|__WSAFDIsSet|closesocket|ioctlsocket|socket|bind|listen|accept|connect|recv(?:from)?|send(?:to)?"
        r"|hton[sl]|ntoh[sl]|(?:free|get)addrinfo|(?:Free|Get)AddrInfoW|getnameinfo|gethostby\w+|gethostname"
        r"|[gs]etsockopt|get(?:peer|sock)name|inet_\w+|InetNtop[AW]|InetPton[AW]|getservby\w+|getprotoby\w+",
    ),
    (
        "crypt32",
        r"Cert[A-Z]\w+|Crypt(?:Unp|P)rotect(?:Data|Memory)|Crypt(?:StringToBinary|BinaryToString)[AW]"
        r"|CryptQueryObject|Crypt(?:Msg|(?:En|De)codeObject)\w+|PFX\w+",
    ),
    ("bcrypt", r"BCrypt[A-Z]\w+"),
    ("ncrypt", r"NCrypt[A-Z]\w+"),
    (
        "advapi32",
        r"Reg(?:Open|Close|Query|Set|Create|Delete|Enum|Get)\w+|Crypt(?:AcquireContext|GenRandom|ReleaseContext|GenKey"
        r"|ImportKey|ExportKey|Destroy|CreateHash|HashData|GetHashParam|SignHash|Encrypt|Decrypt|EnumProviders"
        r"|GetUserKey|GetProvParam|SetHashParam)\w*|OpenProcessToken|OpenThreadToken|LookupPrivilege\w+"
        r"|AdjustTokenPrivileges|\w*SCManager[AW]|(?:Open|Create|Start|Control|Query|Delete|Change|Register)Service\w*"
        r"|CloseServiceHandle|GetUserName[AW]|(?:Deregister|Register|Report)Event\w*|SystemFunction036"
        r"|GetTokenInformation|(?:AllocateAndInitialize|Free|Copy|Equal|GetLength)Sid|ConvertS\w+Sid\w*"
        r"|Event(?:Register|Write|Unregister|SetInformation)\w*",
    ),
    (
        "user32",
        r"MessageBox\w+|Get(?:UserObjectInformation[AW]|ProcessWindowStation|DC|SystemMetrics|DesktopWindow|CursorPos"
        r"|ForegroundWindow|ClientRect|WindowRect|WindowText\w+|Message[AW]|KeyState|AsyncKeyState|ClipboardData)"
        r"|(?:Create|Destroy|Show|Update|Find|Enum|Move|Set)Window\w*|DefWindowProc[AW]|RegisterClass\w+|PeekMessage[AW]"
        r"|(?:Dispatch|Post|Send)Message[AW]|TranslateMessage|ReleaseDC|Load(?:Icon|Cursor|Image)[AW]|WaitForInputIdle"
        r"|PostQuitMessage|(?:Open|Close|Empty)Clipboard|SendInput|SystemParametersInfo[AW]",
    ),
    (
        "gdi32",
        r"BitBlt|StretchDIBits|Create(?:DC[AW]|CompatibleDC|CompatibleBitmap|DIBSection|Font\w*|SolidBrush)"
        r"|Delete(?:DC|Object)|SelectObject|GetDeviceCaps|GetDIBits|SwapBuffers|ChoosePixelFormat|SetPixelFormat",
    ),
    ("userenv", r"GetUserProfileDirectory[AW]|(?:Load|Unload)UserProfile[AW]?|(?:Create|Destroy)EnvironmentBlock"),
    ("ntdll", r"Nt[A-Z][a-z]\w+|RtlNtStatusToDosError|RtlGetVersion|RtlInitUnicodeString|LdrLoadDll"),
    (
        "iphlpapi",
        r"Get(?:Adapters(?:Addresses|Info)|If(?:Table|Entry)\w*|NetworkParams|TcpTable|UdpTable|Extended\w+Table"
        r"|IpForward\w+|IpAddrTable|BestInterface\w*|PerAdapterInfo|UnicastIpAddressTable)|if_(?:nametoindex|indextoname)"
        r"|ConvertInterface\w+|Notify\w+Change2?|SendARP|Icmp\w+",
    ),
    ("psapi", r"EnumProcess(?:es|Modules\w*)|GetModuleFileNameEx[AW]|GetProcessMemoryInfo|GetModuleBaseName[AW]"),
    ("shell32", r"SHGet\w+|SHFileOperation[AW]|Shell(?:Execute\w+|_NotifyIcon[AW])|CommandLineToArgvW|DragQueryFileW"),
    ("shlwapi", r"Path(?:Is|File|Remove|Append|Find|Combine|Strip|Add)\w+[AW]|StrStrI[AW]|SHDeleteKey[AW]"),
    (
        "ole32",
        r"Co(?:Initialize\w*|Uninitialize|CreateInstance\w*|TaskMem\w+|CreateGuid|GetObject|SetProxyBlanket"
        r"|CreateFreeThreadedMarshaler|LockObjectExternal)|Ole(?:Initialize|Uninitialize)|StringFromGUID2|PropVariantClear"
        r"|CLSIDFrom\w+|IIDFromString|CreateStreamOnHGlobal|RegisterDragDrop",
    ),
    ("oleaut32", r"Sys(?:Alloc|Free|ReAlloc|String)\w+|Variant[A-Z]\w+|SafeArray[A-Z]\w+|GetErrorInfo|LoadTypeLib\w*"),
    (
        "winmm",
        r"time(?:GetTime|BeginPeriod|EndPeriod|SetEvent|KillEvent|GetDevCaps)|wave(?:Out|In)[A-Z]\w+"
        r"|midi(?:Out|In)[A-Z]\w+|PlaySound[AW]|mixer[A-Z]\w+|mciSendString[AW]|joyGet\w+",
    ),
    (
        "secur32",
        r"AcquireCredentialsHandle[AW]|(?:Initialize|Accept)SecurityContext[AW]?|FreeContextBuffer|FreeCredentialsHandle"
        r"|DeleteSecurityContext|(?:En|De)cryptMessage|QueryContextAttributes[AW]|ApplyControlToken|Lsa[A-Z]\w+"
        r"|InitSecurityInterface[AW]|GetUserNameEx[AW]",
    ),
    (
        "dbghelp",
        r"Sym(?:Initialize|Cleanup|FromAddr|GetLine\w+|SetOptions|GetModule\w+)\w*"
        r"|StackWalk(?:64|Ex)?|MiniDumpWriteDump|UnDecorateSymbolName",
    ),
    ("version", r"GetFileVersionInfo\w+|VerQueryValue[AW]"),
    ("setupapi", r"SetupDi[A-Z]\w+"),
    ("cfgmgr32", r"CM_(?:Get|Locate|Register|Request|Unregister)\w+"),
    ("hid", r"HidD_\w+|HidP_\w+"),
    ("winscard", r"SCard[A-Z]\w+|g_rgSCard\w+"),
    ("rpcrt4", r"Uuid(?:Create|ToString|FromString)\w*|RpcStringFree[AW]|Rpc(?:Binding|Server)\w+"),
    ("dnsapi", r"Dns(?:Query|Record|Free)\w*"),
    ("winhttp", r"WinHttp[A-Z]\w+"),
    ("wininet", r"Internet(?:Open|Connect|Read|Close|Set|Query|Crack)\w+|Http(?:Open|Send|Query|Add)Request\w*"),
    ("wintrust", r"WinVerifyTrust\w*"),
    ("wtsapi32", r"WTS[A-Z]\w+"),
    ("netapi32", r"Net(?:User|Group|Share|Wksta|Server|LocalGroup|ApiBuffer)\w+|NetGetJoinInformation"),
    ("pdh", r"Pdh[A-Z]\w+"),
    ("dwmapi", r"Dwm[A-Z]\w+"),
    ("imm32", r"Imm[A-Z]\w+"),
    ("comdlg32", r"Get(?:Open|Save)FileName[AW]|ChooseColor[AW]"),
    ("comctl32", r"InitCommonControls\w*|ImageList_\w+"),
    ("mfplat", r"MF(?:Startup|Shutdown|Create(?:Media|Attributes|Sample|Memory)\w*)"),
    ("d3d11", r"D3D11Create\w+"),
    ("dxgi", r"CreateDXGIFactory\w*"),
    ("d3dcompiler", r"D3D(?:Compile|Reflect)\w*"),
    ("opengl32", r"wgl[A-Z]\w+"),
    ("propsys", r"PropVariantTo\w+|InitPropVariant\w+|PSGet\w+"),
    ("synchronization", r"WaitOnAddress|WakeByAddress(?:All|Single)"),
    ("powrprof", r"CallNtPowerInformation|SetSuspendState|Power[A-Z]\w+"),
    ("delayimp", r"__delayLoadHelper2"),
    ("wldap32", r"ldap_\w+[AW]|LdapGetLastError|LdapMapErrorToWin32"),
    ("legacy_stdio_definitions", r"_?v?(?:f|s|sn|_sn)?w?printf(?:_s)?|_?v?[fs]?w?scanf(?:_s)?"),
)


@cache
def _windows() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((lib, re.compile(rf"(?:{pattern})$")) for lib, pattern in _WINDOWS)


def of_windows(symbol: str) -> str:
    """Return the library of the Windows SDK, without ``.lib``, whose function *symbol* is; empty if unknown."""
    plain = symbol.partition("@")[0]
    return next((lib for lib, name in _windows() if name.match(plain)), "")
